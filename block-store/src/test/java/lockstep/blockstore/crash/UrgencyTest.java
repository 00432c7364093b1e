package lockstep.blockstore.crash;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.crash.VolumeNode.Shape;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/// Which consistency points are written as fast as the disks take them.
@NullUnmarked
final class UrgencyTest {
    private static final int LUN_BLOCKS = 800;
    private static final int DEPTH = 16;
    private static final long CP_NANOS = 400_000_000;
    private static final Shape SHAPE = new Shape(4, 2200, 100, 64 << 10, 2 << 20);

    private final VolumeNode node = new VolumeNode(6, SHAPE);

    // Of each consistency point, near its end.
    private final List<Boolean> urgent = new ArrayList<>();

    private final class Asking extends ForwardingSpace {
        Asking(BlockSpace real) {
            super(real);
        }

        @Override
        public Writer begin(CpId cp) {
            return new ForwardingWriter(super.begin(cp)) {
                private BooleanSupplier now;

                @Override
                public void calmUnless(BooleanSupplier isUrgent) {
                    now = isUrgent;
                    super.calmUnless(isUrgent);
                }

                @Override
                public void flush(IoCompletion done) {
                    node.loop.clock().schedule(CP_NANOS, () -> flushNow(done));
                }

                private void flushNow(IoCompletion done) {
                    urgent.add(now.getAsBoolean());
                    super.flush(done);
                }
            };
        }
    }

    @BeforeEach
    void open() {
        node.spaceWrapper = Asking::new;
        node.format();
        node.mustOpen();
        node.activate();
        boolean[] made = new boolean[1];
        node.loop.call(
                () ->
                        new Op.PutLun(0, new UUID(1, 1), LUN_BLOCKS)
                                .issue(node.volume, _ -> made[0] = true));
        node.await(() -> made[0], "the LUN is made");
        node.simulation.runFor(100 * CP_NANOS);
        urgent.clear();
    }

    private void write(Runnable next) {
        int block = node.simulation.random().nextInt(LUN_BLOCKS - 8);
        IoBuffer data = IoBuffer.unpooled(ByteBuffer.allocate(8 * 4096));
        node.volume.luns().getFirst().write(block * 4096L, data, _ -> next.run());
    }

    private void writeAgainAndAgain() {
        write(this::writeAgainAndAgain);
    }

    @Test
    void oneThatNobodyWaitsForIsNot() {
        node.loop.call(() -> write(() -> {}));
        node.simulation.runFor(100 * CP_NANOS);
        assertThat(urgent).containsExactly(false);
    }

    @Test
    void oneThatSomebodyWaitsForIs() {
        node.loop.call(() -> write(() -> node.volume.checkpoint(() -> {})));
        node.simulation.runFor(10 * CP_NANOS);
        assertThat(urgent).containsExactly(true);
    }

    @Test
    void oneThatHostsAreFasterThanIs() {
        for (int i = 0; i < DEPTH; i++) {
            node.loop.call(this::writeAgainAndAgain);
        }
        node.simulation.runFor(20 * CP_NANOS);
        assertThat(urgent).hasSizeGreaterThan(8).containsOnly(true);
    }
}
