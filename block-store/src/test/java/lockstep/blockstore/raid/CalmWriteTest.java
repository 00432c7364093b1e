package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.function.BooleanSupplier;

/// How much of a consistency point is under way: a commit of the log on the same device waits
/// behind all of it.
@NullUnmarked
final class CalmWriteTest {
    private static final int STRIPES = 8 * StripeChunk.MAXIMUM;
    private static final int DISKS = 4;

    // Blocks of one disk.
    private static final int CALM = StripeChunk.MAXIMUM;
    private static final int LONG = 2 * StripeChunk.MAXIMUM;

    private final RaidWorld world = new RaidWorld(1, STRIPES, DISKS);
    private long begun;
    private int most;

    private SimDevice disk() {
        return world.devices.getFirst();
    }

    /// Writes all stripes whole; tells how many writes a disk got.
    private long write(BooleanSupplier urgent) {
        world.recover();
        CpWriter writer = world.begin();
        writer.calmUnless(urgent);
        for (long dbn = 0; dbn < STRIPES; dbn++) {
            for (int slot = 0; slot < DISKS - 1; slot++) {
                world.put(writer, world.space.geometry().vbn(0, slot, dbn));
            }
        }
        begun = disk().writesSubmitted();
        boolean[] ended = {false};
        IoCompletion done =
                fault -> {
                    assertThat(fault).isNull();
                    ended[0] = true;
                };
        world.loop.call(() -> writer.writeOut(done));
        world.simulation.runUntil(
                () -> {
                    most = Math.max(most, disk().blocksUnderWay());
                    return ended[0];
                });
        long written = disk().writesSubmitted() - begun;
        world.succeed(writer::flush);
        world.committed();
        world.checkStripes();
        world.checkContent();
        return written;
    }

    @Test
    void oneChunkAtATimeIfNothingIsUrgent() {
        // A note and pages besides.
        long chunks = STRIPES / CALM;
        assertThat(write(() -> false)).isBetween(chunks, chunks + 8);
        assertThat(most).isBetween(CALM, CALM + PageSpan.MAXIMUM);
    }

    @Test
    void twoBesideEachOtherIfItIs() {
        long chunks = STRIPES / StripeChunk.MAXIMUM;
        assertThat(write(() -> true)).isBetween(chunks, chunks + 8);
        assertThat(most).isBetween(LONG, LONG + PageSpan.MAXIMUM);
    }

    @Test
    void whatBecomesUrgentGoesOnWithMoreAtATime() {
        long half = STRIPES / CALM / 2;
        write(() -> disk().writesSubmitted() - begun > half);
        assertThat(most).isBetween(LONG, LONG + PageSpan.MAXIMUM);
    }
}
