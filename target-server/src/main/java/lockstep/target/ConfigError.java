package lockstep.target;

/// A node's file is wrong. The message names the file, the line, the key and the reason, so that it
/// can be told to the operator as it is.
public final class ConfigError extends Exception {
    private static final long serialVersionUID = 1L;

    /// `place` is the file and, where known, the line.
    public ConfigError(String place, String key, String reason) {
        super(place + ": " + (key.isEmpty() ? "" : key + ": ") + reason);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
