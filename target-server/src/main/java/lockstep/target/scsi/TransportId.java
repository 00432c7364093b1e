package lockstep.target.scsi;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;

/// The TransportID of an iSCSI initiator port (SPC-4 7.6.4.6): format 01b, the initiator's name,
/// `,i,0x` and the ISID in hexadecimal, ended by a zero and padded to a multiple of 4. Names alone
/// (format 00b) stand for ports that nobody can name, and are not taken.
///
/// `| format, protocol 5 | 0 | length (2) | text |`
final class TransportId {
    private static final int FORMAT_PORT_ISCSI = 0x45;
    private static final int HEAD_BYTES = 4;
    private static final int TEXT_BYTES_MIN = 20;

    /// 223 bytes of name, separator, ISID, zero.
    private static final int TEXT_BYTES_MAX = 244;

    private static final Pattern PORT = Pattern.compile("[^,\\x00-\\x20]+,i,0x[0-9a-f]{12}");

    private TransportId() {}

    /// The bytes of `port`.
    static byte[] encode(String port) {
        byte[] text = port.getBytes(StandardCharsets.UTF_8);
        int padded = Math.max(TEXT_BYTES_MIN, (text.length + 4) & ~3);
        return ByteBuffer.allocate(HEAD_BYTES + padded)
                .put((byte) FORMAT_PORT_ISCSI)
                .put((byte) 0)
                .putShort((short) padded)
                .put(text)
                .array();
    }

    /// Takes one TransportID off the front of `in`; null if it is malformed or of another kind.
    static @Nullable String take(ByteBuffer in) {
        if (in.remaining() < HEAD_BYTES || (in.get() & 0xFF) != FORMAT_PORT_ISCSI) {
            return null;
        }
        in.get();
        int length = in.getShort() & 0xFFFF;
        boolean sane =
                length >= TEXT_BYTES_MIN
                        && length <= TEXT_BYTES_MAX
                        && length % 4 == 0
                        && length <= in.remaining();
        if (!sane) {
            return null;
        }
        byte[] text = new byte[length];
        in.get(text);
        int end = 0;
        while (end < length && text[end] != 0) {
            end++;
        }
        String port = new String(Arrays.copyOf(text, end), StandardCharsets.UTF_8);
        int isid = Math.max(0, port.lastIndexOf(",i,0x"));
        String normal = port.substring(0, isid) + port.substring(isid).toLowerCase(Locale.ROOT);
        return end < length && PORT.matcher(normal).matches() ? normal : null;
    }
}
