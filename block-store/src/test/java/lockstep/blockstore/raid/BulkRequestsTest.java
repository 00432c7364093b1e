package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/// What goes over whole disks asks them for few and large pieces: with one request for each
/// checksum page these are as many as those for the data, and a disk takes as long for each.
@NullUnmarked
final class BulkRequestsTest {
    private static final int STRIPES = 2 * PageSpan.MAXIMUM * DiskLayout.ENTRIES_PER_PAGE;
    private static final int DISKS = 4;

    private static RaidWorld written(long seed) {
        RaidWorld world = new RaidWorld(seed, STRIPES, DISKS);
        world.recover();
        writeAll(world);
        return world;
    }

    private static void writeAll(RaidWorld world) {
        CpWriter writer = world.begin();
        for (long dbn = 0; dbn < stripes(world); dbn++) {
            for (int slot = 0; slot < DISKS - 1; slot++) {
                world.put(writer, world.space.geometry().vbn(0, slot, dbn));
            }
        }
        world.succeed(writer::writeOut);
        world.succeed(writer::flush);
        world.committed();
    }

    private static long stripes(RaidWorld world) {
        return world.disks.groups().getFirst().layout().dbnCount();
    }

    // A run ends with its page, or after 64 stripes.
    private static long runs(RaidWorld world) {
        long runs = 0;
        for (long dbn = 0; dbn < stripes(world); runs++) {
            dbn += RebuildRun.lengthAt(dbn, stripes(world));
        }
        return runs;
    }

    // Of a disk's own pages, and of those that have their second place on it, of one slot.
    private static long spans(RaidWorld world) {
        long pages = world.disks.groups().getFirst().layout().pages();
        return 2 * Math.ceilDiv(pages, PageSpan.MAXIMUM);
    }

    // Both slots of all of them.
    private static long loads(RaidWorld world) {
        return 2 * spans(world);
    }

    // Nothing of the checksum pages is in memory.
    private static void reopen(RaidWorld world) {
        world.crash(true);
        world.open();
        world.recover();
    }

    // By disk.
    private static List<Long> reads(RaidWorld world, Runnable work) {
        List<SimDevice> devices = List.copyOf(world.devices);
        List<Long> before = devices.stream().map(SimDevice::readsSubmitted).toList();
        work.run();
        List<Long> reads = new ArrayList<>();
        for (int i = 0; i < before.size(); i++) {
            reads.add(devices.get(i).readsSubmitted() - before.get(i));
        }
        return reads;
    }

    @Test
    void aScrubReadsPagesTogether() {
        RaidWorld world = written(1);
        reopen(world);
        List<ScrubFinding> findings = new ArrayList<>();
        SpaceScrub scrub = world.space.scrub(findings::add);
        boolean[] ended = {false};
        int steps = (int) scrub.steps(0);
        List<Long> reads =
                reads(
                        world,
                        () -> {
                            world.loop.call(() -> scrub.steps(0, 0, steps, () -> ended[0] = true));
                            assertThat(world.simulation.runUntil(() -> ended[0])).isTrue();
                        });
        assertThat(findings).isEmpty();
        // The pages once to have them, and once more to compare their copies.
        assertThat(reads).allMatch(each -> each == runs(world) + 2 * loads(world));
    }

    @Test
    void whatParityTakesOfEveryOtherStripeIsReadTogether() {
        RaidWorld world = written(3);
        reopen(world);
        int untouched = DISKS - 2;
        List<Long> free = new ArrayList<>();
        for (long dbn = 0; dbn < stripes(world); dbn += 2) {
            for (int slot = 0; slot < untouched; slot++) {
                free.add(world.space.geometry().vbn(0, slot, dbn));
            }
        }
        world.committed.keySet().removeAll(free);
        List<Long> reads =
                reads(
                        world,
                        () -> {
                            CpWriter writer = world.begin();
                            free.forEach(vbn -> world.put(writer, vbn));
                            world.succeed(writer::writeOut);
                            world.succeed(writer::flush);
                            world.committed();
                        });
        // One for each chunk, where each block was one; the other disks are read for pages only.
        long chunks = Math.ceilDiv(stripes(world), StripeChunk.MAXIMUM);
        assertThat(reads.get(untouched) - reads.getFirst()).isEqualTo(chunks);
        world.checkStripes();
        world.checkContent();
    }

    @Test
    void aConsistencyPointOfFullStripesReadsPagesTogether() {
        RaidWorld world = written(2);
        reopen(world);
        world.committed.clear();
        List<Long> reads = reads(world, () -> writeAll(world));
        assertThat(reads).allMatch(each -> each == loads(world));
        world.checkStripes();
        world.checkContent();
    }

    @Test
    void aConsistencyPointOfFullStripesWritesPagesTogether() {
        RaidWorld world = written(4);
        for (int round = 0; round < 3; round++) {
            world.committed.clear();
            List<Long> before = writes(world);
            writeAll(world);
            List<Long> after = writes(world);
            long chunks = Math.ceilDiv(stripes(world), StripeChunk.MAXIMUM);
            for (int i = 0; i < DISKS; i++) {
                // Notes and the superblock besides.
                long bulk = chunks + spans(world);
                assertThat(after.get(i) - before.get(i)).isBetween(bulk, bulk + 8);
            }
        }
        world.checkStripes();
        world.checkContent();
    }

    private static List<Long> writes(RaidWorld world) {
        return world.devices.stream().map(SimDevice::writesSubmitted).toList();
    }

    @Test
    void aRebuildReadsPagesTogether() {
        RaidWorld world = written(3);
        world.loop.call(() -> world.disks.groups().getFirst().fail(1, "gone"));
        SimDevice fresh = DiskSwap.replacement(world, 1);
        List<Long> reads =
                reads(
                        world,
                        () -> {
                            assertThat(DiskSwap.replace(world, 1, fresh)).isNull();
                            DiskSwap.awaitRebuilt(world);
                        });
        // Of the one that left nothing is read.
        assertThat(reads.get(1)).isZero();
        assertThat(reads).allMatch(each -> each <= runs(world) + loads(world));
    }
}
