package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.List;

/// What was rescued of a missing disk is there for recovery until the stripes that it was rescued
/// from are durable, whatever is written next.
@NullUnmarked
final class RescuedBlocksTest {
    private static final RebuildPace SLOW = new RebuildPace(4 << 20, 64, 128, 4);
    private static final int DATA_BLOCKS = 600;
    private static final int LOST = 1;

    // The disk in the slot that was lost is rebuilt as far as a third.
    private static RaidWorld halfRebuilt(long seed) {
        RaidWorld world = new RaidWorld(seed, DATA_BLOCKS, 4);
        world.pace = SLOW;
        world.open();
        world.recover();
        world.consistencyPoint(900);
        world.devices.get(LOST).faults().failAll("gone");
        world.consistencyPoint(40);
        assertThat(DiskSwap.replace(world, LOST, DiskSwap.replacement(world, LOST))).isNull();
        var group = world.disks.groups().getFirst();
        assertThat(world.simulation.runUntil(() -> group.watermark() >= 200)).isTrue();
        return world;
    }

    // Free blocks beside which the disk that was lost holds one, in some stripes.
    private static List<Long> besideLost(RaidWorld world, long from, long to) {
        RaidGeometry geometry = world.space.geometry();
        return world.committed.keySet().stream()
                .filter(vbn -> geometry.slotOf(vbn) == LOST)
                .map(geometry::dbnOf)
                .filter(dbn -> dbn >= from && dbn < to)
                .map(dbn -> geometry.vbn(0, 0, dbn))
                .filter(vbn -> !world.committed.containsKey(vbn))
                .limit(20)
                .toList();
    }

    /// A mirror writes out several times in one consistency point.
    @Test
    void writeOutBelowTheWatermarkDoesNotForgetWhatOneAboveItRescued() {
        for (long seed = 0; seed < 4; seed++) {
            RaidWorld world = halfRebuilt(seed);
            CpWriter writer = world.begin();
            List<Long> above = besideLost(world, DATA_BLOCKS / 2, DATA_BLOCKS);
            assertThat(above).isNotEmpty();
            world.loop.call(() -> above.forEach(vbn -> world.put(writer, vbn)));
            world.succeed(writer::writeOut);
            List<Long> below = besideLost(world, 0, 200);
            world.loop.call(() -> below.forEach(vbn -> world.put(writer, vbn)));
            world.succeed(writer::writeOut);
            world.crash(true);
            world.open();
            world.recover();
            world.checkContent();
            assertThat(world.heard.lost).as(world.seed()).isZero();
            world.checkStripes();
        }
    }
}
