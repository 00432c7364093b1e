package lockstep.blockstore.crash;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.crash.VolumeNode.Shape;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.volume.Lun;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.UUID;

/// Row L4: when hosts write faster than consistency points take it, writes are slowed before they
/// stall.
@NullUnmarked
final class BackPressureTest {
    private static final int LUN_BLOCKS = 800;
    private static final int WRITE_BYTES = 32 << 10;
    private static final int DEPTH = 16;
    private static final long CP_NANOS = 400_000_000;
    private static final Shape SHAPE = new Shape(4, 2200, 100, 64 << 10, 2 << 20);

    private final VolumeNode node = new VolumeNode(5, SHAPE);
    private long lastAnswerNanos;
    private long longestGapNanos;
    private long answers;
    private long first;

    // Writing takes so long that writes fill the other half many times over.
    private static BlockSpace slow(BlockSpace real, VolumeNode node) {
        return new ForwardingSpace(real) {
            @Override
            public Writer begin(CpId cp) {
                return new ForwardingWriter(super.begin(cp)) {
                    @Override
                    public void flush(IoCompletion done) {
                        node.loop.clock().schedule(CP_NANOS, () -> super.flush(done));
                    }
                };
            }
        };
    }

    private void writeNext(Lun lun) {
        int block = node.simulation.random().nextInt(LUN_BLOCKS - WRITE_BYTES / 4096);
        IoBuffer data = IoBuffer.unpooled(ByteBuffer.allocate(WRITE_BYTES));
        lun.write(block * 4096L, data, outcome -> answered(lun, outcome));
    }

    private void answered(Lun lun, Outcome outcome) {
        assertThat(outcome.isDone()).isTrue();
        long now = node.simulation.nowNanos();
        // The first consistency point teaches how long they take.
        if (node.volume.usage().commits() - first > 1) {
            longestGapNanos = Math.max(longestGapNanos, now - lastAnswerNanos);
            answers++;
        }
        lastAnswerNanos = now;
        writeNext(lun);
    }

    @Test
    void l4WritesAreSlowedBeforeTheyStall() {
        node.spaceWrapper = real -> slow(real, node);
        node.format();
        node.mustOpen();
        node.activate();
        boolean[] made = new boolean[1];
        node.loop.call(
                () ->
                        new Op.PutLun(0, new UUID(1, 1), LUN_BLOCKS)
                                .issue(node.volume, _ -> made[0] = true));
        node.await(() -> made[0], "the LUN is made");
        first = node.volume.usage().commits();
        for (int i = 0; i < DEPTH; i++) {
            node.loop.call(() -> writeNext(node.volume.luns().getFirst()));
        }
        node.simulation.runFor(14 * CP_NANOS);
        assertThat(node.volume.usage().commits() - first).isGreaterThan(8);
        assertThat(answers).isGreaterThan(300);
        // Not once did all hosts wait for the end of a consistency point, or for most of one.
        assertThat(longestGapNanos).isBetween(1L, CP_NANOS / 4);
    }
}
