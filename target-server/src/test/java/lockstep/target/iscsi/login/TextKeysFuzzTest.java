package lockstep.target.iscsi.login;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;

import io.netty.buffer.Unpooled;

import lockstep.target.fuzz.Bounds;

import org.junit.jupiter.params.provider.MethodSource;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;

/// Any bytes as text keys: refused, or few and short, and the same when written and read again.
class TextKeysFuzzTest {
    static Stream<byte[]> seeds() {
        return Stream.of(
                        "InitiatorName=iqn.a\0SessionType=Discovery\0",
                        "A=\0=B\0",
                        "A=1\0A=2\0",
                        "no equals sign\0",
                        "not ended=by zero",
                        "A==\0\0\0B=\u00E9\0",
                        "K".repeat(63) + "=" + "v".repeat(255) + "\0",
                        "K".repeat(64) + "=v\0",
                        "K=" + "v".repeat(256) + "\0",
                        "CHAP_C=" + "v".repeat(2050) + "\0",
                        "CHAP_C=" + "v".repeat(2051) + "\0")
                .map(text -> text.getBytes(StandardCharsets.UTF_8));
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "45s")
    void keysAreRefusedOrBounded(byte[] bytes) {
        try (Bounds _ = new Bounds(bytes.length)) {
            Map<String, String> keys = TextKeys.parse(Unpooled.wrappedBuffer(bytes));
            if (keys == null) {
                return;
            }
            assertThat(keys.size()).isLessThanOrEqualTo(TextKeys.KEYS_MAX);
            // A byte that is no UTF-8 becomes a character of three bytes.
            keys.forEach((key, value) -> assertThat(key.length()).isBetween(1, 63));
            keys.forEach(
                    (key, value) ->
                            assertThat(value.length())
                                    .isLessThanOrEqualTo(key.equals("CHAP_C") ? 2050 : 255));
            byte[] again = TextKeys.format(keys);
            assertThat(again.length).isLessThanOrEqualTo(3 * bytes.length + 1);
            if (StandardCharsets.US_ASCII.newEncoder().canEncode(keys.toString())) {
                assertThat(TextKeys.parse(Unpooled.wrappedBuffer(again))).isEqualTo(keys);
            }
        }
    }
}
