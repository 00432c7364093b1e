package lockstep.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.HexFormat;

final class StampTest {
    private final ByteBuffer sector = ByteBuffer.allocate(Stamp.SIZE);

    @Test
    void aStampTellsItsSequenceAtItsPlaceOnly() {
        Stamp.put(sector, 0, 3, 77, 1, 42);
        assertThat(Stamp.read(sector, 0, 3, 77)).isEqualTo(42);
        assertThat(Stamp.read(sector, 0, 3, 78)).isEqualTo(Stamp.CORRUPT);
        assertThat(Stamp.read(sector, 0, 4, 77)).isEqualTo(Stamp.CORRUPT);
    }

    @Test
    void anyChangedByteIsCorrupt() {
        Stamp.put(sector, 0, 3, 77, 1, 42);
        for (int i = 0; i < Stamp.SIZE; i++) {
            sector.put(i, (byte) (sector.get(i) ^ 0x10));
            assertThat(Stamp.read(sector, 0, 3, 77)).as("byte " + i).isEqualTo(Stamp.CORRUPT);
            sector.put(i, (byte) (sector.get(i) ^ 0x10));
        }
    }

    @Test
    void zerosWereNeverWritten() {
        assertThat(Stamp.read(sector, 0, 3, 77)).isEqualTo(Stamp.NEVER_WRITTEN);
        sector.put(511, (byte) 1);
        assertThat(Stamp.read(sector, 0, 3, 77)).isEqualTo(Stamp.CORRUPT);
    }

    @Test
    void theHeaderHasItsGoldenBytes() {
        Stamp.put(sector, 0, 1, 0x1122334455L, 2, 0x66);
        assertThat(HexFormat.of().formatHex(sector.array(), 0, 32))
                .isEqualTo("4c537374616d7031000000010000000200000011223344550000000000000066");
    }
}
