package lockstep.target.access;

import org.jspecify.annotations.Nullable;

import java.util.Base64;
import java.util.HexFormat;

/// Binary values in text keys: `0x` and hexadecimal digits, or `0b` and base64 (RFC 7143 6.1). How
/// long the value would be is decided from the text's length before anything is decoded.
final class ChapValue {
    private ChapValue() {}

    /// The value of `text`, of `least` to `most` bytes; null if it is none.
    static byte @Nullable [] decode(String text, int least, int most) {
        if (text.length() < 4 || text.charAt(0) != '0') {
            return null;
        }
        String digits = text.substring(2);
        return switch (text.charAt(1)) {
            case 'x', 'X' -> hex(digits, least, most);
            case 'b', 'B' -> base64(digits, least, most);
            default -> null;
        };
    }

    private static byte @Nullable [] hex(String digits, int least, int most) {
        int bytes = digits.length() / 2;
        if (digits.length() % 2 != 0 || bytes < least || bytes > most) {
            return null;
        }
        try {
            return HexFormat.of().parseHex(digits);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    private static byte @Nullable [] base64(String digits, int least, int most) {
        int padding = digits.endsWith("==") ? 2 : digits.endsWith("=") ? 1 : 0;
        int bytes = digits.length() / 4 * 3 - padding;
        if (digits.length() % 4 != 0 || bytes < least || bytes > most) {
            return null;
        }
        try {
            byte[] decoded = Base64.getDecoder().decode(digits);
            return decoded.length == bytes ? decoded : null;
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /// `value` in hexadecimal.
    static String encode(byte[] value) {
        return "0x" + HexFormat.of().formatHex(value);
    }

    /// A number of one byte, in any notation of RFC 7143 6.1; -1 if it is none.
    static int octet(String text) {
        boolean hex = text.startsWith("0x") || text.startsWith("0X");
        if (!text.matches("\\d{1,3}|0[xX][0-9A-Fa-f]{1,2}")) {
            return -1;
        }
        int value = hex ? Integer.parseInt(text.substring(2), 16) : Integer.parseInt(text);
        return value <= 0xFF ? value : -1;
    }
}
