package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

/// More ranges than a dirty note has room for.
@NullUnmarked
final class ScatteredWriteTest {
    private static final int DBNS = 1800;

    // No two of a disk are neighbours: every block is a range of its own.
    private static CpWriter scattered(RaidWorld world) {
        CpWriter writer = world.begin();
        for (long dbn = 0; dbn < DBNS; dbn += 2) {
            for (int slot = 0; slot < 3; slot++) {
                long vbn = world.space.geometry().vbn(0, slot, dbn + (slot & 1));
                if (!world.committed.containsKey(vbn)) {
                    world.put(writer, vbn);
                }
            }
        }
        assertThat(world.pending.size()).isGreaterThan(DirtyNote.MAXIMUM_RANGES);
        return writer;
    }

    private static RaidWorld world(long seed) {
        RaidWorld world = new RaidWorld(seed, DBNS, 4);
        world.recover();
        world.consistencyPoint(200);
        return world;
    }

    @Test
    void moreRangesThanANoteHoldsAreWrittenInRounds() {
        RaidWorld world = world(1);
        CpWriter writer = scattered(world);
        world.succeed(writer::writeOut);
        world.succeed(writer::flush);
        world.committed();
        world.checkStripes();
        world.checkContent();
    }

    @ParameterizedTest
    @ValueSource(longs = {10, 40, 80, 120, 160})
    void crashInAnyRoundLosesNothing(long millis) {
        RaidWorld world = world(millis);
        CpWriter writer = scattered(world);
        boolean[] ended = {false};
        world.loop.call(() -> writer.writeOut(_ -> ended[0] = true));
        world.simulation.runFor(millis * 1_000_000);
        world.crash(true);
        world.open();
        world.recover();
        world.checkStripes();
        world.checkContent();
        world.crash(true);
        world.absent.add((int) (millis / 10 % 4));
        world.open();
        world.recover();
        world.checkContent();
    }

    @Test
    void neighboursJoinAndOthersDoNot() {
        NotedRanges ranges = new NotedRanges(3);
        ranges.add(0, 5);
        ranges.add(1, 5);
        ranges.add(0, 6);
        ranges.add(1, 7);
        ranges.add(2, 7);
        assertThat(ranges.size()).isEqualTo(4);
        assertThat(ranges.all())
                .isEqualTo(
                        List.of(
                                new DirtyNote.BlockRange(1, 1, 5),
                                new DirtyNote.BlockRange(0, 2, 5),
                                new DirtyNote.BlockRange(1, 1, 7),
                                new DirtyNote.BlockRange(2, 1, 7)));
    }
}
