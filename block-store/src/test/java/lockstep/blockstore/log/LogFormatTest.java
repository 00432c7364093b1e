package lockstep.blockstore.log;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.log.LogFormat.BatchHeader;
import lockstep.blockstore.log.LogFormat.ChainId;
import lockstep.blockstore.log.LogFormat.LogHeader;
import lockstep.blockstore.log.LogFormat.Mark;
import lockstep.blockstore.log.LogFormat.SegmentHeader;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.HexFormat;

class LogFormatTest {
    private static final LogHeader LOG = new LogHeader(4 << 20, 0x0102030405060708L);
    private static final SegmentHeader SEGMENT =
            new SegmentHeader(
                    0x0102030405060708L,
                    new ChainId(new VolumeId(0x11, 0x22), 33, 0x4444444444444444L),
                    5);
    private static final BatchHeader BATCH =
            new BatchHeader(
                    SEGMENT,
                    6,
                    4000,
                    0x77777777,
                    8,
                    new Mark(33, new Position(new Epoch(9, 10), 11)),
                    new Mark(32, new Position(new Epoch(9, 10), 7)));

    private static ByteBuffer block() {
        return ByteBuffer.allocate(Blocks.SIZE);
    }

    private static String hex(ByteBuffer block, int length) {
        byte[] bytes = new byte[length];
        block.get(0, bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void goldenLogHeader() {
        ByteBuffer block = block();
        LogFormat.encode(LOG, block);
        assertThat(hex(block, 28))
                .isEqualTo("4c4b53544e4c4f470000000100400000010203040506070874343f4d");
        assertThat(LogFormat.decodeLog(block)).isEqualTo(LOG);
    }

    @Test
    void goldenSegmentHeader() {
        ByteBuffer block = block();
        LogFormat.encode(SEGMENT, block);
        assertThat(hex(block, 60))
                .isEqualTo(
                        "4c4b53544e534547000000010000000501020304050607080000000000000011"
                                + "000000000000002200000000000000214444444444444444bfc9479a");
        assertThat(LogFormat.decodeSegment(block)).isEqualTo(SEGMENT);
    }

    @Test
    void goldenBatchHeader() {
        ByteBuffer block = block();
        LogFormat.encode(BATCH, block);
        assertThat(hex(block, 160))
                .isEqualTo(
                        "4c4b53544e424154000000010000000501020304050607080000000000000011"
                            + "0000000000000022000000000000002144444444444444440000000000000006"
                            + "00000fa077777777000000080000000000000000000000210000000900000000"
                            + "0000000a000000000000000b000000000000002000000009000000000000000a"
                            + "0000000000000007699e94f80000000000000000000000000000000000000000");
        assertThat(LogFormat.decodeBatch(block)).isEqualTo(BATCH);
    }

    @Test
    void everyFlippedBitOfAHeaderIsSeen() {
        ByteBuffer block = block();
        LogFormat.encode(BATCH, block);
        for (int bit = 0; bit < 140 * 8; bit++) {
            byte before = block.get(bit / 8);
            block.put(bit / 8, (byte) (before ^ (1 << bit % 8)));
            assertThat(LogFormat.decodeBatch(block)).isNull();
            block.put(bit / 8, before);
        }
        assertThat(LogFormat.decodeBatch(block)).isEqualTo(BATCH);
    }

    @Test
    void headersOfOtherKindsAreNotTakenForEachOther() {
        ByteBuffer block = block();
        LogFormat.encode(SEGMENT, block);
        assertThat(LogFormat.decodeLog(block)).isNull();
        assertThat(LogFormat.decodeBatch(block)).isNull();
    }
}
