package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;

/// Hosts write the same few blocks again and again: they take no memory worth speaking of, and yet
/// the log, which a replay has to read whole, does not grow with them.
@NullUnmarked
final class HotRegionTest {
    private static final int DEPTH = 16;
    private static final int WRITE_BYTES = 64 << 10;
    private static final long HALF_BYTES = 1 << 20;

    private final VolumeWorld world =
            new VolumeWorld(3, 4, 800, WRITE_BYTES / 4096, CopyState.standalone());
    private long written;
    private long mostHeld;

    private void writeNext() {
        IoBuffer data = IoBuffer.unpooled(ByteBuffer.allocate(WRITE_BYTES));
        world.active.luns().getFirst().write(0, data, this::answered);
    }

    private void answered(Outcome outcome) {
        assertThat(outcome.isDone()).isTrue();
        written += WRITE_BYTES;
        mostHeld = Math.max(mostHeld, world.copy.log().heldBytes());
        writeNext();
    }

    @Test
    void logOfAHalfIsBoundedWhereverHostsWrite() {
        world.open(() -> world.active != null);
        world.makeLun();
        for (int i = 0; i < DEPTH; i++) {
            world.loop.call(this::writeNext);
        }
        world.await(() -> written > 100 << 20);
        assertThat(world.active.usage().commits()).isGreaterThan(20);
        // Two halves, each of which takes twice its memory, and the write that makes it full.
        assertThat(mostHeld).isBetween(HALF_BYTES, 2 * (2 * HALF_BYTES + 3 * WRITE_BYTES));
    }
}
