package lockstep.cli.initiator;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The text of login and text PDUs: `key=value` pairs, each ended by a zero byte.
final class TextKeys {
    private TextKeys() {}

    /// The pairs in order, as text with the zero bytes.
    static String encode(Map<String, String> pairs) {
        StringBuilder text = new StringBuilder();
        pairs.forEach((key, value) -> text.append(key).append('=').append(value).append('\0'));
        return text.toString();
    }

    /// The pairs in order of appearance; a key may come more than once.
    static List<Map.Entry<String, String>> decode(byte[] bytes) throws ProtocolException {
        List<Map.Entry<String, String>> pairs = new ArrayList<>();
        int from = 0;
        for (int at = 0; at <= bytes.length; at++) {
            if (at < bytes.length && bytes[at] != 0) {
                continue;
            }
            if (at > from) {
                String pair = new String(bytes, from, at - from, StandardCharsets.UTF_8);
                int equals = pair.indexOf('=');
                if (equals <= 0) {
                    throw new ProtocolException("text without a key: " + pair);
                }
                pairs.add(Map.entry(pair.substring(0, equals), pair.substring(equals + 1)));
            }
            from = at + 1;
        }
        return pairs;
    }
}
