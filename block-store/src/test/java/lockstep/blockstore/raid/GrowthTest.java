package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Disks that join: what there was stays where it was, and any disk may be lost afterwards.
@NullUnmarked
final class GrowthTest {
    private static RaidWorld world(long seed, int... members) {
        RaidWorld world = new RaidWorld(seed, 200, members);
        world.recover();
        world.consistencyPoint(60);
        return world;
    }

    private static Map<Long, SimDevice> places(RaidWorld world) {
        TreeMap<Long, SimDevice> places = new TreeMap<>();
        world.committed.keySet().forEach(vbn -> places.put(vbn, world.deviceOf(vbn)));
        return places;
    }

    private static void restart(RaidWorld world) {
        world.crash(true);
        world.open();
        world.recover();
    }

    // Each disk in turn is away, then there again: every block reads right.
    private static void checkWithoutAnyDisk(RaidWorld world) {
        for (int index = 0; index < world.devices.size(); index++) {
            RaidWorld.Heard heard = world.heard;
            int slot = world.slotOf(index);
            GroupDisks group = world.disks.groups().get(world.groupOf(index));
            world.loop.call(() -> group.fail(slot, "away"));
            world.checkContent();
            assertThat(heard.groupsLost).isZero();
            world.checkStripes();
            DiskGrowth.replace(world, index);
            world.checkStripes();
            DiskGrowth.scrub(world);
            DiskGrowth.checkScrub(world);
        }
        assertThat(world.heard.lost).isZero();
        assertThat(world.heard.lostInRebuilds).isZero();
    }

    /// What checks the volume compares both slots of every record area with the other members'.
    @Test
    void aDiskThatJoinedHasTheRecordBeforeTheNewestToo() {
        for (boolean restarted : new boolean[] {false, true}) {
            RaidWorld world = world(3, 3);
            writeRecord(world, 1);
            writeRecord(world, 2);
            if (restarted) {
                restart(world);
            }
            assertThat(DiskGrowth.grow(world, 0, 1)).isNull();
            assertThat(wrongRecords(world)).isEmpty();
            writeRecord(world, 3);
            GroupDisks group = world.disks.groups().getFirst();
            world.loop.call(() -> group.fail(0, "away"));
            DiskGrowth.replace(world, 0);
            assertThat(wrongRecords(world)).isEmpty();
        }
    }

    private static void writeRecord(RaidWorld world, long order) {
        ByteBuffer payload = ByteBuffer.allocate(100).putLong(0, order);
        world.succeed(done -> world.disks.writeRecord(RecordArea.COPY_STATE, order, payload, done));
    }

    private static List<String> wrongRecords(RaidWorld world) {
        List<String> found = new ArrayList<>();
        world.succeed(
                done ->
                        world.disks.scrubRecords(
                                (_, slot, _, what) -> found.add(slot + ": " + what),
                                () -> done.ended(null)));
        return found;
    }

    @Test
    void oneMoreDiskMakesTheSpaceLarger() {
        RaidWorld world = world(1, 3);
        Map<Long, SimDevice> before = places(world);
        long size = world.space.size();
        assertThat(DiskGrowth.grow(world, 0, 1)).isNull();
        assertThat(world.space.size()).isEqualTo(size / 2 * 3);
        assertThat(places(world)).isEqualTo(before);
        world.checkContent();
        world.checkStripes();
        world.consistencyPoint(120);
        restart(world);
        assertThat(world.space.size()).isEqualTo(size / 2 * 3);
        assertThat(world.space.degraded()).isFalse();
        world.checkContent();
        world.checkStripes();
        DiskGrowth.checkScrub(world);
        checkWithoutAnyDisk(world);
    }

    @Test
    void groupsGrowAndComeInAnyOrder() {
        RaidWorld world = world(2, 2, 3);
        long size = world.space.size();
        for (int group : new int[] {1, 0, 1, 2, 0, 2}) {
            Map<Long, SimDevice> before = places(world);
            int count = group == world.disks.groups().size() ? 3 : 1 + group % 2;
            assertThat(DiskGrowth.grow(world, group, count)).isNull();
            assertThat(world.space.size()).isGreaterThan(size);
            size = world.space.size();
            assertThat(places(world)).isEqualTo(before);
            world.consistencyPoint(80);
            world.checkContent();
            world.checkStripes();
            if (group == 2) {
                restart(world);
            }
        }
        assertThat(world.disks.groups()).hasSize(3);
        restart(world);
        assertThat(world.space.size()).isEqualTo(size);
        DiskGrowth.checkScrub(world);
        checkWithoutAnyDisk(world);
    }

    @Test
    void nothingIsReadOfADiskThatJoins() {
        RaidWorld world = world(3, 4);
        assertThat(DiskGrowth.grow(world, 0, 1)).isNull();
        SimDevice joined = world.device(0, 4);
        // Noise where its data will be counts as zeros.
        long from = world.dataStart();
        joined.overwriteWithNoise(from, (int) (joined.size() - from));
        world.checkStripes();
        world.device(0, 1).faults().failAll("gone");
        world.checkContent();
        world.consistencyPoint(60);
        world.checkContent();
        world.checkStripes();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void parityPagesAreFoundWhereTheyWereBefore(boolean torn) {
        RaidWorld world = world(4, 3);
        world.consistencyPoint(200);
        assertThat(DiskGrowth.grow(world, 0, 1)).isNull();
        assertThat(DiskGrowth.grow(world, 0, 1)).isNull();
        world.crash(true);
        GroupDisks group = world.disks.groups().getFirst();
        int parity = group.paritySlot();
        assertThat(parity).isEqualTo(2);
        // Parity's own pages rot before the second copies have come to the new disk.
        DiskLayout layout = group.layout();
        for (long page = 0; page < layout.pages(); page++) {
            for (int index = 0; index < 2; index++) {
                long at = Blocks.toBytes(layout.checksumPage(false, page, index));
                world.device(0, parity).overwriteWithNoise(at, Blocks.SIZE);
            }
            if (torn) {
                // Or while the first of them was on its way.
                long at = Blocks.toBytes(layout.checksumPage(true, page, 0));
                world.device(0, group.ring().next(parity)).overwriteWithNoise(at, Blocks.SIZE);
            }
        }
        world.open();
        world.recover();
        world.device(0, 1).faults().failAll("gone");
        world.checkContent();
        world.checkStripes();
        assertThat(world.heard.lost).isZero();
    }

    @Test
    void secondCopiesHoldWithoutTheDiskThatJoined() {
        RaidWorld world = world(5, 3);
        assertThat(DiskGrowth.grow(world, 0, 1)).isNull();
        world.consistencyPoint(150);
        world.crash(true);
        world.absent.add(3);
        world.open();
        world.recover();
        assertThat(world.space.degraded()).isTrue();
        world.checkContent();
        world.consistencyPoint(40);
        world.checkContent();
        world.checkStripes();
    }

    @Test
    void degradedAndRebuiltGroupsDoNotGrow() {
        RaidWorld world = world(6, 3, 3);
        world.pace = new RebuildPace(2000, 64, 128, 64);
        world.device(0, 1).faults().failAll("gone");
        world.consistencyPoint(60);
        IoFault refused = DiskGrowth.grow(world, 0, 1);
        assertThat(refused.reason()).contains("group 0 is degraded", "slot 1");
        // Another group may.
        world.extras.clear();
        assertThat(DiskGrowth.grow(world, 1, 1)).isNull();
        SimDevice other = DiskSwap.replacement(world, 1);
        assertThat(DiskSwap.replace(world, 1, other)).isNull();
        IoFault rebuilding = DiskGrowth.grow(world, 0, 1);
        assertThat(rebuilding.reason()).contains("group 0 is being rebuilt");
        DiskSwap.awaitRebuilt(world);
        world.extras.clear();
        assertThat(DiskGrowth.grow(world, 0, 1)).isNull();
        world.consistencyPoint(60);
        world.checkContent();
        world.checkStripes();
    }

    @Test
    void smallDisksDoNotJoin() {
        RaidWorld world = world(7, 3);
        long few = world.disks.groups().getFirst().neededBytes() - Blocks.SIZE;
        SimDevice small = new SimDevice(world.simulation, "small", few).attach(world.loop);
        IoFault fault =
                world.await(
                        done ->
                                world.space.grow(
                                        0,
                                        List.of(
                                                new lockstep.blockstore.disk.Joining.NewDisk(
                                                        small, new java.util.UUID(1, 1))),
                                        done));
        assertThat(fault.reason()).contains("small has " + few + " bytes");
        IoFault alone = DiskGrowth.grow(world, 1, 1);
        assertThat(alone.reason()).contains("2 to 63 disks");
        world.consistencyPoint(20);
        world.checkContent();
    }

    @Test
    void aDiskThatFailsWhileItJoinsCostsNothing() {
        RaidWorld world = world(8, 3);
        long size = world.space.size();
        DiskGrowth.begin(world, 0, 1, _ -> {});
        world.extras.getFirst().faults().failAll("gone");
        world.simulation.runFor(1_000_000_000);
        assertThat(world.space.isGrowing()).isFalse();
        assertThat(world.space.size()).isEqualTo(size);
        assertThat(world.space.degraded()).isFalse();
        world.extras.clear();
        world.consistencyPoint(30);
        restart(world);
        world.checkContent();
        world.checkStripes();
    }
}
