package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/// Invariants 1 to 3 for a space that grows while consistency points are written, with a crash, a
/// lost disk, or both at any moment of it: it has the old size or the new one, and everything that
/// was committed.
@NullUnmarked
final class GrowthSimTest {
    private static final long FIRST_SEED = Long.getLong("growth.first", 0);
    private static final long SEEDS = Long.getLong("growth.seeds", 60);
    private static final int[][] SHAPES = {{3}, {2}, {4}, {3, 2}};

    private int grown;
    private int old;

    @Test
    void everyMomentLeavesTheOldSizeOrTheNew() {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            try {
                run(seed);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("-Dgrowth.first=" + seed + " -Dgrowth.seeds=1", e);
            }
        }
        System.out.printf("growth: %d times grown, %d times not%n", grown, old);
        if (SEEDS > 20) {
            assertThat(grown).isGreaterThan(10);
            assertThat(old).isGreaterThan(10);
        }
    }

    private void run(long seed) {
        RaidWorld world = new RaidWorld(seed, 140, SHAPES[(int) (seed % SHAPES.length)]);
        world.recover();
        world.consistencyPoint(60);
        for (int round = 0; round < 3; round++) {
            growAndCrash(world);
            world.checkStripes();
            world.checkContent();
            world.consistencyPoint(50);
            world.checkContent();
            // A crash may leave the older place of a checksum page torn.
            assertThat(DiskGrowth.scrub(world))
                    .as(world.seed())
                    .allMatch(found -> found.kind() == ScrubFinding.Kind.CHECKSUM_PAGE);
            DiskGrowth.checkScrub(world);
            if (world.simulation.oneIn(2)) {
                loseAndReplaceOne(world);
            }
        }
        assertThat(world.heard.lost + world.heard.lostInRebuilds).isZero();
    }

    private void growAndCrash(RaidWorld world) {
        long before = world.space.size();
        int groups = world.disks.groups().size();
        int group = world.simulation.random().nextInt(groups + 1);
        int count = group == groups ? 2 : (int) world.simulation.between(1, 2);
        List<@Nullable IoFault> ended = new ArrayList<>();
        DiskGrowth.begin(world, group, count, ended::add);
        boolean toTheEnd = world.simulation.oneIn(3);
        if (world.simulation.oneIn(2)) {
            crashInConsistencyPoint(world, toTheEnd ? 2_000_000_000L : 12_000_000);
        } else {
            world.simulation.runFor(
                    toTheEnd ? 2_000_000_000L : world.simulation.between(0, 12_000_000));
        }
        boolean told = !ended.isEmpty() && ended.getFirst() == null;
        boolean powerCut = world.simulation.oneIn(2);
        world.crash(powerCut);
        // What has not joined may be away; what has is a member, and would have failed.
        List<SimDevice> away = List.of();
        if (!told && world.simulation.oneIn(3) && !DiskGrowth.hasJoined(world)) {
            away = List.copyOf(world.extras);
            world.extras.clear();
        }
        open(world);
        away.forEach(device -> device.attach(world.loop));
        long now = world.space.size();
        if (told) {
            assertThat(now).as(world.seed()).isGreaterThan(before);
        }
        grown += now > before ? 1 : 0;
        old += now > before ? 0 : 1;
        if (now == before) {
            assertThat(world.space.degraded()).as(world.seed()).isFalse();
        }
        world.extras.clear();
        world.extras.addAll(away);
        world.extras.removeAll(world.devices);
    }

    private static void open(RaidWorld world) {
        world.open();
        world.recover();
    }

    private static void crashInConsistencyPoint(RaidWorld world, long within) {
        boolean[] flushed = new boolean[1];
        world.loop.call(
                () -> {
                    CpWriter writer = world.begin();
                    world.putSome(writer, (int) world.simulation.between(1, 60));
                    writer.writeOut(
                            fault -> {
                                assertThat(fault).isNull();
                                writer.flush(_ -> flushed[0] = true);
                            });
                });
        world.simulation.runFor(world.simulation.between(0, within));
        if (flushed[0] && world.simulation.oneIn(2)) {
            world.committed();
            world.simulation.runFor(world.simulation.between(0, within));
        }
    }

    private static void loseAndReplaceOne(RaidWorld world) {
        // They might join now, and places be counted anew.
        world.extras.clear();
        int index = world.simulation.random().nextInt(world.devices.size());
        world.crash(true);
        world.absent.add(index);
        open(world);
        world.checkContent();
        world.consistencyPoint(20);
        world.checkContent();
        DiskGrowth.replace(world, index);
        world.checkStripes();
        world.checkContent();
        DiskGrowth.scrub(world);
        DiskGrowth.checkScrub(world);
    }
}
