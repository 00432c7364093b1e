package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.sim.HeldSpace;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Holes in stripes that nothing uses, beside writes to the same stripes, with crashes at any
/// instant and disks that leave: invariants 1 and 3.
@NullUnmarked
final class HolePunchTest {
    private static final long SEEDS = Long.getLong("raid.seeds", 10);
    private static final long CRASH_WITHIN_NANOS = 8_000_000;

    private static void forSeeds(Consumer<RaidWorld> test) {
        int[][] shapes = {{4}, {2}, {6}, {5, 3}};
        for (long seed = 0; seed < SEEDS; seed++) {
            RaidWorld world = new RaidWorld(seed, 150, shapes[(int) (seed % shapes.length)]);
            world.recover();
            world.consistencyPoint(120);
            try {
                test.accept(world);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    // What is free in the committed image, in stretches; and it is offered as such. By group.
    private static List<List<StripeRange>> offer(RaidWorld world) {
        List<RaidGeometry.Group> groups = world.space.geometry().groups();
        List<List<StripeRange>> offered = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            List<StripeRange> free = new ArrayList<>();
            long dbn = 0;
            while (dbn < groups.get(g).dbnCount()) {
                int count = 0;
                long most = world.simulation.between(1, 30);
                while (count < most && isFree(world, g, dbn + count)) {
                    count++;
                }
                if (count > 0 && !world.simulation.oneIn(4)) {
                    free.add(new StripeRange(dbn, count));
                }
                dbn += count + 1;
            }
            int group = g;
            world.loop.call(() -> world.space.holes().offer(group, world.committedCp, free));
            offered.add(free);
        }
        return offered;
    }

    private static boolean isFree(RaidWorld world, int group, long dbn) {
        RaidGeometry geometry = world.space.geometry();
        if (dbn >= geometry.groups().get(group).dbnCount()) {
            return false;
        }
        for (int slot = 0; slot < geometry.groups().get(group).dataDisks(); slot++) {
            if (world.committed.containsKey(geometry.vbn(group, slot, dbn))) {
                return false;
            }
        }
        return true;
    }

    // A stretch of stripes is used no more.
    private static void free(RaidWorld world) {
        long from = world.simulation.between(0, 100);
        world.committed
                .keySet()
                .removeIf(
                        vbn -> {
                            long dbn = world.space.geometry().dbnOf(vbn);
                            return dbn >= from && dbn < from + 50;
                        });
    }

    private static int held(RaidWorld world, List<List<StripeRange>> ranges) {
        int held = 0;
        for (int g = 0; g < ranges.size(); g++) {
            for (int slot = 0; slot < world.disks.groups().get(g).slots(); slot++) {
                for (StripeRange range : ranges.get(g)) {
                    long at = world.dataStart(g) + Blocks.toBytes(range.dbn());
                    held += HeldSpace.blocks(world.device(g, slot), at, range.count());
                }
            }
        }
        return held;
    }

    // Blocks that were given back.
    private static int consistencyPointWithHoles(RaidWorld world, int blocks) {
        world.loop.call(() -> world.putSome(world.begin(), blocks));
        List<List<StripeRange>> offered = offer(world);
        int before = held(world, offered);
        world.succeed(world.writer::writeOut);
        world.succeed(world.writer::flush);
        world.committed();
        int after = held(world, offered);
        if (blocks == 0) {
            assertThat(after).isZero();
        }
        return before - after;
    }

    private static void crashOnTheWay(RaidWorld world) {
        free(world);
        world.loop.call(
                () -> {
                    CpWriter writer = world.begin();
                    world.putSome(writer, (int) world.simulation.between(0, 40));
                });
        offer(world);
        CpWriter writer = world.writer;
        world.loop.call(() -> writer.writeOut(_ -> writer.flush(_ -> {})));
        world.simulation.runFor(world.simulation.between(0, CRASH_WITHIN_NANOS));
        world.crash(world.simulation.oneIn(2));
    }

    private static void restart(RaidWorld world) {
        world.open();
        while (world.simulation.oneIn(3)) {
            world.loop.call(() -> world.space.recover(world.committedCp, _ -> {}));
            world.simulation.runFor(world.simulation.between(0, CRASH_WITHIN_NANOS));
            world.crash(world.simulation.oneIn(2));
            world.open();
        }
        world.recover();
    }

    @Test
    void whatNothingUsesIsGivenBackAndStripesStayRight() {
        int[] given = {0};
        forSeeds(
                world -> {
                    for (int round = 0; round < 4; round++) {
                        free(world);
                        given[0] += consistencyPointWithHoles(world, 0);
                        world.checkStripes();
                        consistencyPointWithHoles(world, 60);
                        world.checkStripes();
                        world.checkContent();
                        assertThat(world.space.holes().punchedBytes()).isPositive();
                    }
                    ScrubFinding[] found = new ScrubFinding[1];
                    SpaceScrub scrub = world.space.scrub(finding -> found[0] = finding);
                    for (long step = 0; step < scrub.steps(0); step++) {
                        long at = step;
                        world.succeed(done -> scrub.step(0, at, () -> done.ended(null)));
                    }
                    assertThat(found[0]).isNull();
                });
        assertThat(given[0]).isGreaterThan(100);
    }

    @Test
    void crashesLeaveRightStripes() {
        forSeeds(
                world -> {
                    for (int round = 0; round < 4; round++) {
                        crashOnTheWay(world);
                        restart(world);
                        world.checkStripes();
                        world.checkContent();
                        consistencyPointWithHoles(world, 30);
                        world.checkStripes();
                    }
                    // One crash and, later, one lost disk must not add up to lost data.
                    crashOnTheWay(world);
                    restart(world);
                    world.crash(true);
                    world.absent.add(world.simulation.random().nextInt(world.devices.size()));
                    restart(world);
                    world.checkContent();
                    consistencyPointWithHoles(world, 30);
                    world.checkStripes();
                    world.checkContent();
                    assertThat(world.heard.lost).isZero();
                });
    }

    @Test
    void memberMayFailInTheMiddle() {
        forSeeds(
                world -> {
                    free(world);
                    boolean[] ended = {false};
                    world.loop.call(() -> world.putSome(world.begin(), 20));
                    offer(world);
                    CpWriter writer = world.writer;
                    world.loop.call(
                            () -> writer.writeOut(_ -> writer.flush(f -> ended[0] = f == null)));
                    world.simulation.runFor(world.simulation.between(0, CRASH_WITHIN_NANOS));
                    world.anyDevice().faults().failAll("gone");
                    assertThat(world.simulation.runUntil(() -> ended[0])).isTrue();
                    world.committed();
                    world.checkContent();
                    world.consistencyPoint(30);
                    world.checkContent();
                    world.checkStripes();
                });
    }

    @Test
    void abandonedConsistencyPointLeavesRightStripes() {
        forSeeds(
                world -> {
                    free(world);
                    world.loop.call(() -> world.putSome(world.begin(), 40));
                    offer(world);
                    CpWriter open = world.writer;
                    world.succeed(open::writeOut);
                    world.succeed(open::flush);
                    world.succeed(open::abandon);
                    world.pending.clear();
                    world.checkStripes();
                    world.checkContent();
                    consistencyPointWithHoles(world, 60);
                    world.checkStripes();
                    world.checkContent();
                });
    }

    /// What was put in this consistency point, or was written since the image in which it was free,
    /// is not given back, whatever is offered.
    @Test
    void whatIsUsedSinceTheImageStays() {
        RaidWorld world = new RaidWorld(5, 150, 4);
        world.recover();
        CpId before = world.committedCp;
        world.consistencyPoint(100);
        var content = new java.util.TreeMap<>(world.committed);
        world.loop.call(() -> world.putSome(world.begin(), 50));
        world.loop.call(
                () -> world.space.holes().offer(0, before, List.of(new StripeRange(0, 150))));
        world.succeed(world.writer::writeOut);
        content.putAll(world.pending);
        world.succeed(world.writer::flush);
        world.committed();
        world.committed.putAll(content);
        world.checkContent();
        world.checkStripes();
    }

    /// A scrub follows pointers of an image that is not the newest any more.
    @Test
    void whatAnOlderImageUsedAndIsAHoleNowIsNotLost() {
        RaidWorld world = new RaidWorld(7, 150, 4);
        world.recover();
        world.consistencyPoint(100);
        CpId older = world.committedCp;
        long vbn = world.committed.firstKey();
        int crc = RaidWorld.crc(world.committed.get(vbn));
        world.committed.clear();
        world.consistencyPoint(0);
        CpId newer = world.committedCp;
        assertThat(probe(world, vbn, crc, older)).isEqualTo(PointerProbe.Found.GOOD);
        world.loop.call(world::begin);
        world.loop.call(
                () -> world.space.holes().offer(0, newer, List.of(new StripeRange(0, 150))));
        world.succeed(world.writer::flush);
        world.committed();
        assertThat(probe(world, vbn, crc, older)).isEqualTo(PointerProbe.Found.MOVED);
        // Where the newest image leads to a hole, it is no excuse.
        assertThat(probe(world, vbn, crc, newer)).isEqualTo(PointerProbe.Found.LOST);
    }

    private static PointerProbe.Found probe(RaidWorld world, long vbn, int crc, CpId image) {
        List<PointerProbe.Found> ended = new ArrayList<>();
        SpaceScrub scrub = world.space.scrub(_ -> {});
        world.loop.call(() -> scrub.probe(vbn, new int[] {crc}, image, (f, _) -> ended.add(f[0])));
        assertThat(world.simulation.runUntil(() -> !ended.isEmpty())).isTrue();
        return ended.getFirst();
    }

    /// The canary: a hole under a live block is found, and so is one under the parity of live
    /// blocks.
    @Test
    void holeWhereSomethingLivesIsFound() {
        RaidWorld world = new RaidWorld(6, 150, 4);
        world.recover();
        world.consistencyPoint(100);
        world.checkStripes();
        long dbn = world.space.geometry().dbnOf(world.committed.firstKey());
        int parity = world.disks.groups().getFirst().paritySlot();
        long at = world.dataStart() + Blocks.toBytes(dbn);
        byte[] right = world.device(0, parity).peek(at, Blocks.SIZE);
        world.device(0, parity).poke(at, new byte[Blocks.SIZE]);
        assertThat(world.check().findings()).isNotEmpty();
        world.device(0, parity).poke(at, right);
        world.checkStripes();

        world.loop.call(world::begin);
        world.loop.call(
                () ->
                        world.space
                                .holes()
                                .offer(0, world.committedCp, List.of(new StripeRange(dbn, 1))));
        world.succeed(world.writer::flush);
        assertThat(world.check().findings()).anyMatch(f -> f.contains("live and never written"));
        assertThatThrownBy(world::checkContent).isInstanceOf(AssertionError.class);
    }
}
