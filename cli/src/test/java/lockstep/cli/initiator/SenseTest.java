package lockstep.cli.initiator;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.HexFormat;

final class SenseTest {
    @Test
    void fixedFormatGivesKeyCodesAndInformation() {
        Sense sense = parse("f0 00 03 00000042 0a 00000000 11 00 00 000000");
        assertThat(sense).isEqualTo(new Sense(3, 0x11, 0, 0x42L));
        assertThat(String.valueOf(sense)).isEqualTo("MEDIUM ERROR (03/11/00) at 66");
    }

    @Test
    void informationIsLeftOutUnlessValid() {
        assertThat(parse("70 00 05 00000042 0a 00000000 24 01 00 000000"))
                .isEqualTo(new Sense(5, 0x24, 1, null));
    }

    @Test
    void descriptorFormatGivesTheSame() {
        assertThat(parse("72 03 11 00 000000 0c 00 0a 80 00 0000000100000042"))
                .isEqualTo(new Sense(3, 0x11, 0, 0x100000042L));
    }

    @Test
    void tooLittleIsNoSense() {
        assertThat(parse("70 00")).isNull();
    }

    private static @Nullable Sense parse(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        return Sense.parse(ByteBuffer.wrap(bytes));
    }
}
