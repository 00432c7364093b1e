package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.function.Consumer;

/// Invariants 1 (one disk per group, a crash at any instant), 2 and 3, over many seeds.
@NullUnmarked
final class VbnSpaceSimTest {
    private static final long FIRST_SEED = Long.getLong("raid.first", 0);
    private static final long SEEDS = Long.getLong("raid.seeds", 10);
    private static final long CRASH_WITHIN_NANOS = 6_000_000;

    private static void forSeeds(Consumer<RaidWorld> test) {
        int[][] shapes = {{4}, {2}, {6}, {5, 3}};
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            int dataBlocks = 100 + (int) (seed % 3) * 60;
            RaidWorld world = new RaidWorld(seed, dataBlocks, shapes[(int) (seed % shapes.length)]);
            world.recover();
            try {
                test.accept(world);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    // Somewhere in a consistency point, everything stops.
    private static void crashInConsistencyPoint(RaidWorld world, boolean powerCut) {
        world.loop.call(
                () -> {
                    CpWriter writer = world.begin();
                    world.putSome(writer, (int) world.simulation.between(1, 60));
                    writer.writeOut(
                            fault -> {
                                assertThat(fault).isNull();
                                writer.flush(_ -> {});
                            });
                });
        world.simulation.runFor(world.simulation.between(0, CRASH_WITHIN_NANOS));
        world.crash(powerCut);
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
    void everyConsistencyPointLeavesRightStripes() {
        forSeeds(
                world -> {
                    for (int cp = 0; cp < 4; cp++) {
                        world.consistencyPoint((int) world.simulation.between(1, 80));
                        world.checkStripes();
                    }
                    world.checkContent();
                });
    }

    @Test
    void crashesLeaveRightStripesAndTheCommittedImage() {
        forSeeds(
                world -> {
                    for (int round = 0; round < 3; round++) {
                        world.consistencyPoint(50);
                        crashInConsistencyPoint(world, world.simulation.oneIn(2));
                        restart(world);
                        world.checkStripes();
                        world.checkContent();
                    }
                });
    }

    @Test
    void anyDiskMayBeLostAfterRecovery() {
        forSeeds(
                world -> {
                    world.consistencyPoint(60);
                    crashInConsistencyPoint(world, true);
                    restart(world);
                    world.crash(true);
                    world.absent.add(world.simulation.random().nextInt(world.devices.size()));
                    restart(world);
                    world.checkContent();
                    world.checkStripes();
                    world.consistencyPoint(30);
                    world.checkContent();
                    world.checkStripes();
                });
    }

    @Test
    void degradedGroupsSurviveCrashes() {
        forSeeds(
                world -> {
                    world.consistencyPoint(60);
                    world.crash(true);
                    world.absent.add(world.simulation.random().nextInt(world.devices.size()));
                    restart(world);
                    for (int round = 0; round < 3; round++) {
                        crashInConsistencyPoint(world, world.simulation.oneIn(2));
                        restart(world);
                        world.checkStripes();
                        world.checkContent();
                        world.consistencyPoint(20);
                    }
                    world.checkContent();
                });
    }

    @Test
    void memberMayFailInTheMiddle() {
        forSeeds(
                world -> {
                    world.consistencyPoint(60);
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
                    world.simulation.runFor(world.simulation.between(0, CRASH_WITHIN_NANOS / 2));
                    failSomehow(world, world.anyDevice());
                    assertThat(world.simulation.runUntil(() -> ended[0])).isTrue();
                    world.committed();
                    world.checkContent();
                    world.consistencyPoint(50);
                    world.checkStripes();
                    world.checkContent();
                    // Its labels name the lost one before a commit counts: it does not come back.
                    world.crash(true);
                    world.devices.forEach(device -> device.faults().heal());
                    boolean wasDegraded = world.space.degraded();
                    restart(world);
                    assertThat(world.space.degraded()).isEqualTo(wasDegraded);
                    world.checkContent();
                });
    }

    private static void failSomehow(RaidWorld world, SimDevice victim) {
        switch ((int) world.simulation.between(0, 2)) {
            case 0 -> victim.faults().failAll("gone");
            case 1 -> victim.faults().failFlushes();
            default -> victim.faults().failWrites((_, _) -> true);
        }
    }

    @Test
    void memberMayFailAndThePowerAfterIt() {
        forSeeds(
                world -> {
                    world.consistencyPoint(60);
                    SimDevice victim = world.anyDevice();
                    victim.faults().failAll("gone");
                    // The loss becomes known, then a consistency point is cut off.
                    world.consistencyPoint(20);
                    crashInConsistencyPoint(world, true);
                    if (world.space.degraded()) {
                        world.absent.add(world.devices.indexOf(victim));
                        restart(world);
                        world.checkStripes();
                        world.checkContent();
                    }
                });
    }

    @Test
    void rotOnOneDiskIsHealedByReads() {
        forSeeds(
                world -> {
                    world.consistencyPoint(60);
                    SimDevice victim = world.anyDevice();
                    for (long vbn : world.committed.keySet()) {
                        if (world.deviceOf(vbn) == victim) {
                            spoil(world, vbn);
                        }
                    }
                    world.checkContent();
                    world.checkStripes();
                });
    }

    private static void spoil(RaidWorld world, long vbn) {
        long offset = world.offsetOf(vbn);
        switch ((int) world.simulation.between(0, 3)) {
            case 0 -> world.deviceOf(vbn).corrupt(offset + 77);
            case 1 -> world.deviceOf(vbn).overwriteWithNoise(offset, Blocks.SIZE);
            case 2 -> world.deviceOf(vbn).faults().markUnreadable(offset, Blocks.SIZE);
            default -> {}
        }
    }

    @Test
    void rotNeverSpreadsIntoParity() {
        forSeeds(
                world -> {
                    world.consistencyPoint(80);
                    SimDevice victim = world.anyDevice();
                    // Checksum pages, live and free blocks, parity: anything on one disk may rot.
                    long from = Blocks.toBytes(320);
                    for (int i = 0; i < 40; i++) {
                        victim.corrupt(world.simulation.between(from, victim.size() - 1));
                    }
                    if (world.simulation.oneIn(2)) {
                        world.crash(false);
                        restart(world);
                    }
                    world.consistencyPoint(60);
                    world.checkContent();
                    assertThat(world.heard.lost).isZero();
                });
    }

    @Test
    void rotThatIsSpreadOverAllDisksIsHealedInEveryStripe() {
        forSeeds(
                world -> {
                    world.consistencyPoint(80);
                    long dbns = world.space.geometry().groups().getFirst().dbnCount();
                    int slots = world.disks.groups().getFirst().slots();
                    // At most one bad block in a stripe: anything more is beyond the promise.
                    for (long dbn = 0; dbn < dbns; dbn++) {
                        if (world.simulation.oneIn(4)) {
                            int slot = world.simulation.random().nextInt(slots);
                            long at = world.dataStart() + Blocks.toBytes(dbn) + 7;
                            world.device(0, slot).corrupt(at);
                        }
                    }
                    world.consistencyPoint(60);
                    world.checkContent();
                    assertThat(world.heard.lost).isZero();
                });
    }

    @Test
    void lostWritesAreFound() {
        forSeeds(
                world -> {
                    world.consistencyPoint(40);
                    // A label, a note, a page, a block: any write may be lost.
                    world.anyDevice().faults().loseNextWrite((_, _) -> true);
                    world.consistencyPoint(40);
                    if (world.simulation.oneIn(2)) {
                        world.crash(true);
                        restart(world);
                    }
                    world.consistencyPoint(40);
                    world.checkContent();
                });
    }

    @Test
    void misdirectedWritesAreFound() {
        forSeeds(
                world -> {
                    world.consistencyPoint(60);
                    SimDevice victim = world.anyDevice();
                    // Room for the longest write behind it.
                    long last = Blocks.containing(victim.size()) - 160;
                    long target = Blocks.toBytes(world.simulation.between(320, last));
                    victim.faults().misdirectNextWrite(target);
                    world.consistencyPoint(40);
                    if (world.simulation.oneIn(2)) {
                        world.crash(true);
                        restart(world);
                    }
                    world.consistencyPoint(40);
                    world.checkContent();
                });
    }

    @Test
    void abandonedConsistencyPointLeavesRightStripes() {
        forSeeds(
                world -> {
                    world.consistencyPoint(60);
                    if (world.simulation.oneIn(3)) {
                        world.anyDevice().faults().failAll("gone");
                        world.consistencyPoint(30);
                    }
                    world.loop.call(() -> world.putSome(world.begin(), 40));
                    CpWriter open = world.writer;
                    world.succeed(open::writeOut);
                    if (world.simulation.oneIn(2)) {
                        world.succeed(open::flush);
                    }
                    world.succeed(open::abandon);
                    world.pending.clear();
                    world.checkStripes();
                    world.checkContent();
                    world.consistencyPoint(60);
                    world.checkStripes();
                    world.checkContent();
                });
    }
}
