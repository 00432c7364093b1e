package lockstep.target.access;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;

/// A range of network addresses in CIDR notation, `10.1.0.0/16` or `fd00:1::/64`; without a length
/// it is one address. Bits behind the length are zero. Names are not resolved.
@SuppressWarnings("ArrayRecordComponent") // compared by its own equals
public record AddressRange(byte[] address, int bits) {
    private static final int IPV4_BYTES = 4;

    /// Reads a range; null if it is none.
    public static @Nullable AddressRange parse(String text) {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        byte[] address = literal(host);
        if (address == null) {
            return null;
        }
        int most = address.length * Byte.SIZE;
        int bits = slash < 0 ? most : number(text.substring(slash + 1), most);
        if (bits < 0) {
            return null;
        }
        byte[] masked = address.clone();
        for (int bit = bits; bit < most; bit++) {
            masked[bit / Byte.SIZE] &= (byte) ~(0x80 >> bit % Byte.SIZE);
        }
        return new AddressRange(masked, bits);
    }

    /// Only what looks like an address is given to the parser, which would ask for a name's.
    private static byte @Nullable [] literal(String host) {
        boolean four = host.matches("\\d{1,3}(\\.\\d{1,3}){3}");
        boolean six = host.indexOf(':') >= 0 && host.matches("[0-9A-Fa-f:.]+");
        if (!four && !six) {
            return null;
        }
        try {
            return InetAddress.getByName(host).getAddress();
        } catch (UnknownHostException _) {
            return null;
        }
    }

    private static int number(String text, int most) {
        if (!text.matches("\\d{1,3}")) {
            return -1;
        }
        int value = Integer.parseInt(text);
        return value <= most ? value : -1;
    }

    /// Whether `other` lies in the range. An IPv4 address that arrives mapped into IPv6 is IPv4.
    public boolean contains(InetAddress other) {
        byte[] theirs = other.getAddress();
        if (theirs.length != address.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> bit % Byte.SIZE;
            if (((theirs[bit / Byte.SIZE] ^ address[bit / Byte.SIZE]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AddressRange(byte[] theirs, int theirBits)
                && bits == theirBits
                && Arrays.equals(address, theirs);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(address) + bits;
    }

    /// As it is written, which [#parse] reads.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        boolean four = address.length == IPV4_BYTES;
        for (int at = 0; at < address.length; at += four ? 1 : 2) {
            if (at > 0) {
                text.append(four ? '.' : ':');
            }
            text.append(
                    four
                            ? Integer.toString(address[at] & 0xFF)
                            : HexFormat.of().formatHex(address, at, at + 2));
        }
        return text.append('/').append(bits).toString();
    }
}
