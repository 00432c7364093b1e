package lockstep.target.iscsi.login;

import io.netty.buffer.ByteBuf;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/// The text format of login and text PDUs: `key=value`, each ended by a zero byte (RFC 7143 6.1),
/// with the bounds this target sets.
public final class TextKeys {
    /// Keys in one negotiation.
    public static final int KEYS_MAX = 128;

    private static final int KEY_BYTES_MAX = 63;
    private static final int VALUE_BYTES_MAX = 255;

    /// A challenge of 1024 bytes in hexadecimal, the one value that may be long.
    private static final int CHALLENGE_BYTES_MAX = 2 + 2 * 1024;

    private static final String CHALLENGE = "CHAP_C";

    private TextKeys() {}

    /// The pairs in `borrowed`, in order; null if it is malformed, repeats a key, or breaks a
    /// bound.
    public static @Nullable Map<String, String> parse(ByteBuf borrowed) {
        Map<String, String> pairs = new LinkedHashMap<>();
        int end = borrowed.writerIndex();
        int at = borrowed.readerIndex();
        while (at < end) {
            int zero = borrowed.indexOf(at, end, (byte) 0);
            int stop = zero < 0 ? end : zero;
            if (stop > at && !pair(pairs, borrowed, at, stop)) {
                return null;
            }
            at = stop + 1;
        }
        return pairs;
    }

    private static boolean pair(Map<String, String> pairs, ByteBuf borrowed, int at, int stop) {
        int equals = borrowed.indexOf(at, stop, (byte) '=');
        int keyBytes = equals - at;
        int valueBytes = stop - equals - 1;
        if (equals <= at || keyBytes > KEY_BYTES_MAX || valueBytes > CHALLENGE_BYTES_MAX) {
            return false;
        }
        String key = borrowed.toString(at, keyBytes, StandardCharsets.UTF_8);
        if (valueBytes > VALUE_BYTES_MAX && !key.equals(CHALLENGE)) {
            return false;
        }
        String value = borrowed.toString(equals + 1, valueBytes, StandardCharsets.UTF_8);
        return pairs.size() < KEYS_MAX && pairs.putIfAbsent(key, value) == null;
    }

    /// The bytes of `pairs`.
    public static byte[] format(Map<String, String> pairs) {
        StringBuilder text = new StringBuilder();
        pairs.forEach((key, value) -> text.append(key).append('=').append(value).append('\0'));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
