package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// A disk is rebuilt while consistency points go on, and everything may stop at any instant:
/// nothing committed is lost, and afterwards the group can do without any one disk again.
@NullUnmarked
final class RebuildSimTest {
    private static final long FIRST_SEED = Long.getLong("rebuild.first", 0);
    private static final long SEEDS = Long.getLong("rebuild.seeds", 8);
    private static final long MILLISECOND = 1_000_000;

    private static void forSeeds(Consumer<RaidWorld> test) {
        int[][] shapes = {{4}, {2}, {6}, {5, 3}};
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            int dataBlocks = 100 + (int) (seed % 5) * 80;
            RaidWorld world = new RaidWorld(seed, dataBlocks, shapes[(int) (seed % shapes.length)]);
            world.pace =
                    new RebuildPace(
                            world.simulation.between(1, 40) << 20,
                            world.simulation.between(1, 200),
                            world.simulation.between(1, 300),
                            (int) world.simulation.between(0, 4));
            world.open();
            world.recover();
            try {
                test.accept(world);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    // One disk is away, known to be so, and consistency points were made without it.
    private static int loseOne(RaidWorld world) {
        world.consistencyPoint(120);
        int lost = world.simulation.random().nextInt(world.devices.size());
        if (world.simulation.oneIn(2)) {
            world.devices.get(lost).faults().failAll("gone");
            world.consistencyPoint(40);
        } else {
            world.crash(true);
            world.absent.add(lost);
            restart(world);
        }
        while (world.simulation.oneIn(2)) {
            world.consistencyPoint(30);
        }
        return lost;
    }

    // A new disk with noise on it, or the old one, whose content was right once.
    private static void replace(RaidWorld world, int lost) {
        SimDevice device = world.devices.get(lost);
        if (world.simulation.oneIn(2)) {
            device = DiskSwap.replacement(world, lost);
        } else {
            device.faults().heal();
            if (world.absent.contains(lost)) {
                device.attach(world.loop);
            }
        }
        assertThat(DiskSwap.replace(world, lost, device)).as(world.seed()).isNull();
    }

    private static void restart(RaidWorld world) {
        world.open();
        while (world.simulation.oneIn(3)) {
            world.loop.call(() -> world.space.recover(world.committedCp, _ -> {}));
            world.simulation.runFor(world.simulation.between(0, 6 * MILLISECOND));
            world.crash(world.simulation.oneIn(2));
            world.open();
        }
        world.recover();
    }

    private static void crashSomewhere(RaidWorld world) {
        if (world.simulation.oneIn(2)) {
            world.loop.call(
                    () -> {
                        CpWriter writer = world.begin();
                        world.putSome(writer, (int) world.simulation.between(1, 80));
                        writer.writeOut(_ -> writer.flush(_ -> {}));
                    });
        }
        world.simulation.runFor(world.simulation.between(0, 12 * MILLISECOND));
        world.crash(world.simulation.oneIn(2));
    }

    // Whatever is lost now is the first.
    private static void anyDiskMayGo(RaidWorld world) {
        world.checkStripes();
        world.checkContent();
        world.crash(true);
        world.absent.add(world.simulation.random().nextInt(world.devices.size()));
        restart(world);
        world.checkContent();
        world.checkStripes();
        assertThat(world.heard.lost).as(world.seed()).isZero();
        assertThat(world.heard.lostInRebuilds).as(world.seed()).isZero();
    }

    @Test
    void d10ReplacedDiskIsAMemberAgainWhileServing() {
        forSeeds(
                world -> {
                    replace(world, loseOne(world));
                    world.checkContent();
                    for (int cp = 0; cp < 4; cp++) {
                        world.consistencyPoint(30);
                        world.checkContent();
                    }
                    DiskSwap.awaitRebuilt(world);
                    assertThat(world.heard.rebuilt).isEqualTo(1);
                    world.consistencyPoint(30);
                    anyDiskMayGo(world);
                });
    }

    @Test
    void d14AndD15CrashesDuringARebuildCostNothing() {
        forSeeds(
                world -> {
                    int lost = loseOne(world);
                    if (world.simulation.oneIn(4)) {
                        // Cut off while it begins.
                        SimDevice device = DiskSwap.replacement(world, lost);
                        world.loop.call(() -> DiskSwap.begin(world, lost, device));
                        crashSomewhere(world);
                        restart(world);
                    }
                    for (int round = 0; round < 3; round++) {
                        if (isAway(world, lost)) {
                            replace(world, lost);
                        }
                        if (world.simulation.oneIn(2)) {
                            world.consistencyPoint(30);
                        }
                        crashSomewhere(world);
                        restart(world);
                        world.checkStripes();
                        world.checkContent();
                    }
                    if (isAway(world, lost)) {
                        replace(world, lost);
                    }
                    DiskSwap.awaitRebuilt(world);
                    anyDiskMayGo(world);
                });
    }

    /// A scrub, step after step, beside the rebuild and beside writes: it takes nothing for damage
    /// that is only not rebuilt yet, and spoils nothing that the rebuild is about to read.
    @Test
    void scrubAndRebuildGoOnTogether() {
        forSeeds(
                world -> {
                    int lost = loseOne(world);
                    replace(world, lost);
                    List<ScrubFinding> findings = new ArrayList<>();
                    long[] steps = new long[1];
                    scrubOn(world, world.space.scrub(findings::add), 0, 0, steps);
                    for (int cp = 0; cp < 3; cp++) {
                        world.consistencyPoint(40);
                        world.checkContent();
                    }
                    if (world.simulation.oneIn(3)) {
                        crashSomewhere(world);
                        restart(world);
                        scrubOn(world, world.space.scrub(findings::add), 0, 0, steps);
                        assertThat(isAway(world, lost)).as(world.seed()).isFalse();
                    }
                    boolean whole =
                            world.simulation.runUntil(
                                    () -> !world.space.degraded(), 30_000 * MILLISECOND);
                    assertThat(whole)
                            .as("%s: %s, %s", world.seed(), findings, world.space.status())
                            .isTrue();
                    long before = steps[0];
                    boolean round =
                            world.simulation.runUntil(
                                    () -> steps[0] > before + 40, 60_000 * MILLISECOND);
                    assertThat(round).isTrue();
                    // No damage is what an earlier use left where nothing was ever written, and
                    // in the older places of pages.
                    findings.removeIf(
                            each ->
                                    each.detail().startsWith("never written")
                                            || each.kind() == ScrubFinding.Kind.CHECKSUM_PAGE);
                    assertThat(findings).as(world.seed()).isEmpty();
                    world.consistencyPoint(30);
                    anyDiskMayGo(world);
                });
    }

    // Round and round, as long as this incarnation lives.
    private static void scrubOn(
            RaidWorld world, SpaceScrub scrub, int group, long step, long[] steps) {
        int next = step < scrub.steps(group) ? group : (group + 1) % scrub.groups();
        long at = next == group && step < scrub.steps(group) ? step : 0;
        steps[0]++;
        var loop = world.loop;
        loop.execute(
                () ->
                        scrub.step(
                                next,
                                at,
                                () ->
                                        loop.clock()
                                                .schedule(
                                                        MILLISECOND / 4,
                                                        () ->
                                                                scrubOn(
                                                                        world, scrub, next, at + 1,
                                                                        steps))));
    }

    private static boolean isAway(RaidWorld world, int index) {
        return world.disks.groups().get(world.groupOf(index)).missingSlot() >= 0;
    }

    @Test
    void d7AndD8DiskThatFailsWhileItIsRebuiltCostsNothing() {
        forSeeds(
                world -> {
                    int lost = loseOne(world);
                    SimDevice first = DiskSwap.replacement(world, lost);
                    assertThat(DiskSwap.replace(world, lost, first)).isNull();
                    world.simulation.runFor(world.simulation.between(0, 12 * MILLISECOND));
                    switch ((int) world.simulation.between(0, 3)) {
                        case 0 -> first.faults().failAll("gone");
                        case 1 -> first.faults().failFlushes();
                        case 2 -> first.faults().hang();
                        default -> first.faults().failWrites((_, _) -> true);
                    }
                    boolean[] ended = {false};
                    world.loop.call(
                            () -> {
                                CpWriter writer = world.begin();
                                world.putSome(writer, 60);
                                writer.writeOut(
                                        fault -> {
                                            assertThat(fault).isNull();
                                            writer.flush(flushed -> ended[0] = flushed == null);
                                        });
                            });
                    assertThat(world.simulation.runUntil(() -> ended[0])).isTrue();
                    world.committed();
                    world.checkContent();
                    // Where nothing was written to it nobody has noticed.
                    var group = world.disks.groups().get(world.groupOf(lost));
                    world.loop.call(() -> group.fail(world.slotOf(lost), "it writes nothing"));
                    if (world.simulation.oneIn(2)) {
                        crashSomewhere(world);
                        world.absent.add(lost);
                        restart(world);
                        world.checkContent();
                    }
                    if (isAway(world, lost)) {
                        assertThat(DiskSwap.replace(world, lost, DiskSwap.replacement(world, lost)))
                                .isNull();
                    }
                    DiskSwap.awaitRebuilt(world);
                    anyDiskMayGo(world);
                });
    }

    @Test
    void d1RotOnAnotherDiskCostsThatBlockAndNotTheRebuild() {
        long[] lostInAll = {0};
        forSeeds(
                world -> {
                    int lost = loseOne(world);
                    int group = world.groupOf(lost);
                    long dbns = world.space.geometry().groups().get(group).dbnCount();
                    int slots = world.disks.groups().get(group).slots();
                    int other = (world.slotOf(lost) + 1) % slots;
                    for (int i = 0; i < 5; i++) {
                        long dbn = world.simulation.between(0, dbns - 1);
                        world.device(group, other).corrupt(world.dataStart(group) + dbn * 4096);
                    }
                    assertThat(DiskSwap.replace(world, lost, DiskSwap.replacement(world, lost)))
                            .isNull();
                    DiskSwap.awaitRebuilt(world);
                    // What is lost says so, and everything else is right.
                    DiskSwap.checkWhatIsLeft(world);
                    assertThat(world.heard.groupsLost).isZero();
                    assertThat(world.space.degraded()).isFalse();
                    lostInAll[0] += world.heard.lostInRebuilds;
                });
        assertThat(lostInAll[0]).isPositive();
    }

    @Test
    void d2D3AndD4FaultsOfTheNewDiskAreHealed() {
        forSeeds(
                world -> {
                    int lost = loseOne(world);
                    SimDevice device = DiskSwap.replacement(world, lost);
                    assertThat(DiskSwap.replace(world, lost, device)).isNull();
                    world.simulation.runFor(world.simulation.between(0, 6 * MILLISECOND));
                    long data = world.dataStart(world.groupOf(lost));
                    switch ((int) world.simulation.between(0, 2)) {
                        case 0 -> device.faults().loseNextWrite((offset, _) -> offset >= data);
                        case 1 -> device.faults().misdirectNextWrite(data + 10 * 4096);
                        default -> device.corrupt(world.simulation.between(data, data + 40_000));
                    }
                    world.consistencyPoint(30);
                    DiskSwap.awaitRebuilt(world);
                    world.checkContent();
                    assertThat(world.heard.lost).isZero();
                    assertThat(world.heard.lostInRebuilds).isZero();
                });
    }
}
