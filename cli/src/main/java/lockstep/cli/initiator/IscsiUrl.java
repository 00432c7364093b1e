package lockstep.cli.initiator;

/// Where a LUN is: `iscsi://host:port/target-name/lun`.
public record IscsiUrl(String host, int port, String target, int lun) {
    private static final int DEFAULT_PORT = 3260;
    private static final String SCHEME = "iscsi://";

    /// Reads the usual form; the port may be left out.
    public static IscsiUrl parse(String text) {
        String[] parts = text.startsWith(SCHEME) ? text.substring(8).split("/", -1) : new String[0];
        if (parts.length != 3 || parts[0].isEmpty() || parts[1].isEmpty()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not of the form iscsi://host:port/target-name/lun");
        }
        int colon = parts[0].lastIndexOf(':');
        boolean hasPort = colon > parts[0].lastIndexOf(']');
        String host = hasPort ? parts[0].substring(0, colon) : parts[0];
        try {
            int port = hasPort ? Integer.parseInt(parts[0].substring(colon + 1)) : DEFAULT_PORT;
            String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
            return new IscsiUrl(bare, port, parts[1], Integer.parseInt(parts[2]));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "'" + text + "': the port and the LUN are numbers", e);
        }
    }

    @Override
    public String toString() {
        String shown = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return SCHEME + shown + ":" + port + "/" + target + "/" + lun;
    }
}
