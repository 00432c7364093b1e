package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.DiskFault;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// What a disk that takes another's place may and may not do.
@NullUnmarked
final class RebuildTest {
    private static final RebuildPace SLOW = new RebuildPace(4 << 20, 64, 128, 4);

    private static RaidWorld degraded(long seed, int lost, int... members) {
        RaidWorld world = new RaidWorld(seed, 900, members);
        world.pace = SLOW;
        world.open();
        world.recover();
        world.consistencyPoint(900);
        world.devices.get(lost).faults().failAll("gone");
        world.consistencyPoint(100);
        assertThat(world.space.degraded()).isTrue();
        return world;
    }

    private static void runUntilStripe(RaidWorld world, long dbn) {
        var group = world.disks.groups().getFirst();
        assertThat(world.simulation.runUntil(() -> group.watermark() >= dbn)).isTrue();
    }

    @Test
    void d10ReturnedDiskIsStaleWhateverItHolds() {
        RaidWorld world = degraded(1, 2, 4);
        SimDevice old = world.devices.get(2);
        assertThat(DiskSwap.replace(world, 2, DiskSwap.replacement(world, 2))).isNull();
        List<DiskInventory> seen = new ArrayList<>();
        for (boolean rebuilt : new boolean[] {false, true}) {
            if (rebuilt) {
                DiskSwap.awaitRebuilt(world);
            }
            old.faults().heal();
            List<BlockDevice> all = new ArrayList<>(world.devices);
            all.add(old);
            world.loop.call(() -> DiskInventory.read(all, seen::add));
            world.simulation.runFor(10_000_000);
            assertThat(seen.getLast().faults()).hasSize(1);
            assertThat(seen.getLast().faults().getFirst()).isInstanceOf(DiskFault.Stale.class);
        }
    }

    @Test
    void d10OldDiskIsTakenBackByRebuildingIt() {
        RaidWorld world = degraded(2, 1, 4);
        SimDevice old = world.devices.get(1);
        old.faults().heal();
        assertThat(DiskSwap.replace(world, 1, old)).isNull();
        DiskSwap.awaitRebuilt(world);
        world.checkStripes();
        world.checkContent();
        assertThat(world.heard.rebuilt).isEqualTo(1);
    }

    @Test
    void restartGoesOnWhereItWas() {
        RaidWorld world = degraded(3, 0, 4);
        assertThat(DiskSwap.replace(world, 0, DiskSwap.replacement(world, 0))).isNull();
        runUntilStripe(world, 400);
        world.crash(true);
        world.open();
        world.recover();
        // Behind the note lies at most what is noted at once and what is flushed at once.
        assertThat(world.disks.groups().getFirst().watermark()).isGreaterThanOrEqualTo(200);
        assertThat(world.space.rebuilds().walk(0).goesOn()).isTrue();
        world.checkContent();
        DiskSwap.awaitRebuilt(world);
        world.checkStripes();
    }

    @Test
    void d11SecondDiskLostDuringARebuildStopsTheGroupAndCostsNothing() {
        RaidWorld world = degraded(4, 0, 4);
        assertThat(DiskSwap.replace(world, 0, DiskSwap.replacement(world, 0))).isNull();
        runUntilStripe(world, 300);
        world.device(0, 2).faults().failAll("gone too");
        CpWriter writer = world.begin();
        world.putSome(writer, 20);
        assertThat(world.await(writer::writeOut)).isNotNull();
        assertThat(world.heard.groupsLost).isEqualTo(1);
        // What is rebuilt is read from where it is, the other disk being away.
        RaidGeometry geometry = world.space.geometry();
        long vbn =
                world.committed.keySet().stream()
                        .filter(v -> geometry.slotOf(v) == 2 && geometry.dbnOf(v) < 300)
                        .findFirst()
                        .orElseThrow();
        int crc = RaidWorld.crc(world.committed.get(vbn));
        assertThat(world.read(vbn, crc, ByteBuffer.allocate(Blocks.SIZE))).isEqualTo(Read.Ok.OK);
        // Nothing names the second one as failed: when it is back, so is everything.
        world.crash(true);
        world.devices.forEach(device -> device.faults().heal());
        world.open();
        world.recover();
        world.checkContent();
        DiskSwap.awaitRebuilt(world);
        world.checkStripes();
        world.checkContent();
    }

    @Test
    void d11GroupIsNotOpenedWithoutOneDiskAndHalfOfAnother() {
        RaidWorld world = degraded(5, 0, 4);
        assertThat(DiskSwap.replace(world, 0, DiskSwap.replacement(world, 0))).isNull();
        runUntilStripe(world, 200);
        world.crash(true);
        List<BlockDevice> found = List.copyOf(world.devices.subList(0, 3));
        List<VolumeDisks.Opened> opened = new ArrayList<>();
        world.loop.call(
                () ->
                        DiskInventory.read(
                                found,
                                inventory ->
                                        VolumeDisks.open(
                                                inventory.volumes().getFirst(),
                                                world.loop,
                                                world.heard,
                                                opened::add)));
        world.simulation.runFor(100_000_000);
        assertThat(opened).hasSize(1);
        assertThat(opened.getFirst()).isInstanceOf(VolumeDisks.Opened.Refused.class);
        assertThat(opened.getFirst().toString()).contains("slot 0 is not rebuilt yet");
        world.open();
        world.recover();
        DiskSwap.awaitRebuilt(world);
        world.checkContent();
    }

    @Test
    void d12NewDiskCarriesTheRecordsToo() {
        RaidWorld world = degraded(6, 0, 2);
        ByteBuffer root = ByteBuffer.wrap(new byte[] {1, 2, 3});
        world.succeed(done -> world.disks.writeRecord(RecordArea.SUPERBLOCK, 7, root, done));
        assertThat(DiskSwap.replace(world, 0, DiskSwap.replacement(world, 0))).isNull();
        DiskSwap.awaitRebuilt(world);
        world.crash(true);
        world.absent.add(1);
        world.open();
        world.recover();
        assertThat(world.disks.readNewest(RecordArea.SUPERBLOCK).order()).isEqualTo(7);
        world.checkContent();
    }

    @Test
    void d12RecordsWrittenWhileADiskComesAreOnItToo() {
        for (int seed = 100; seed < 140; seed++) {
            RaidWorld world = degraded(seed, 0, 2);
            long[] recorded = {0};
            boolean[] enough = {false};
            world.loop.call(() -> record(world, 1, recorded, enough));
            assertThat(DiskSwap.replace(world, 0, DiskSwap.replacement(world, 0))).isNull();
            long before = recorded[0];
            assertThat(world.simulation.runUntil(() -> recorded[0] > before)).isTrue();
            enough[0] = true;
            DiskSwap.awaitRebuilt(world);
            world.crash(true);
            world.absent.add(1);
            world.open();
            world.recover();
            assertThat(world.disks.readNewest(RecordArea.SUPERBLOCK).order())
                    .as(world.seed())
                    .isEqualTo(recorded[0]);
        }
    }

    // One record after the other, as consistency points do.
    private static void record(RaidWorld world, long order, long[] recorded, boolean[] enough) {
        ByteBuffer content = ByteBuffer.allocate(8).putLong(0, order);
        world.disks.writeRecord(
                RecordArea.SUPERBLOCK,
                order,
                content,
                fault -> {
                    assertThat(fault).isNull();
                    recorded[0] = order;
                    if (!enough[0]) {
                        record(world, order + 1, recorded, enough);
                    }
                });
    }

    @Test
    void blocksOfADiskThatIsNotRebuiltAreNotTrustedAndNotCounted() {
        RaidWorld world = degraded(7, 1, 4);
        assertThat(DiskSwap.replace(world, 1, DiskSwap.replacement(world, 1))).isNull();
        world.checkContent();
        world.consistencyPoint(50);
        world.checkContent();
        assertThat(world.heard.bad).isZero();
        assertThat(world.heard.membersLost).isEqualTo(1);
        assertThat(world.space.degraded()).isTrue();
    }

    @Test
    void d17DiskThatIsTooFullToTakeWritesLeavesAndMayBeReplacedAgain() {
        RaidWorld world = degraded(8, 1, 4);
        SimDevice full = DiskSwap.replacement(world, 1);
        assertThat(DiskSwap.replace(world, 1, full)).isNull();
        full.faults().failWrites((_, _) -> true);
        world.consistencyPoint(30);
        assertThat(world.heard.membersLost).isEqualTo(2);
        assertThat(world.disks.groups().getFirst().rebuildingSlot()).isEqualTo(-1);
        assertThat(DiskSwap.replace(world, 1, DiskSwap.replacement(world, 1))).isNull();
        DiskSwap.awaitRebuilt(world);
        world.checkContent();
        world.checkStripes();
    }

    private static SimDevice withSpare(RaidWorld world) {
        SimDevice spare = DiskSwap.replacement(world, 1);
        UUID uuid = new UUID(4, 4);
        world.succeed(done -> world.space.addSpare(spare, uuid, done));
        world.devices.add(spare);
        return spare;
    }

    @Test
    void spareTakesThePlaceOfADiskThatFails() {
        RaidWorld world = new RaidWorld(9, 900, 4);
        world.recover();
        world.consistencyPoint(500);
        SimDevice spare = withSpare(world);
        assertThat(world.disks.spares().all()).hasSize(1);
        world.crash(true);
        world.open();
        world.recover();
        assertThat(world.disks.spares().all()).hasSize(1);
        world.device(0, 2).faults().failAll("gone");
        world.consistencyPoint(50);
        DiskSwap.awaitRebuilt(world);
        assertThat(world.disks.groups().getFirst().disk(2).device()).isSameAs(spare);
        assertThat(world.disks.spares().all()).isEmpty();
        world.checkStripes();
        // And the one that failed stays what it is, though it is there again.
        world.crash(true);
        world.devices.forEach(device -> device.faults().heal());
        world.open();
        world.recover();
        assertThat(world.disks.groups().getFirst().disk(2).device()).isSameAs(spare);
        world.checkContent();
        world.checkStripes();
    }

    @Test
    void spareIsUsedAtTheStartIfADiskIsAwayThen() {
        RaidWorld world = new RaidWorld(10, 300, 5, 3);
        world.recover();
        world.consistencyPoint(300);
        withSpare(world);
        world.crash(true);
        world.absent.add(6);
        world.open();
        world.recover();
        DiskSwap.awaitRebuilt(world);
        world.checkStripes();
        world.checkContent();
        assertThat(world.disks.spares().all()).isEmpty();
    }

    @Test
    void spareThatIsTooSmallOrBrokenIsNotUsed() {
        RaidWorld world = new RaidWorld(11, 300, 4);
        world.recover();
        world.consistencyPoint(100);
        SimDevice small = new SimDevice(world.simulation, "small", Blocks.toBytes(500));
        small.attach(world.loop);
        world.succeed(done -> world.space.addSpare(small, new UUID(5, 5), done));
        SimDevice broken = withSpare(world);
        broken.faults().failAll("dead on arrival");
        world.device(0, 0).faults().failAll("gone");
        world.consistencyPoint(30);
        world.simulation.runFor(100_000_000);
        assertThat(world.disks.spares().all()).hasSize(1);
        assertThat(world.space.degraded()).isTrue();
        IoFault fault = DiskSwap.replace(world, 0, small);
        assertThat(fault).isNotNull();
        assertThat(fault.reason()).contains("are too few");
        withSpare(world);
        DiskSwap.awaitRebuilt(world);
        world.checkContent();
    }

    @Test
    void checksumsThatAreLostCostTheirBlocksAndNotTheRest() {
        RaidWorld world = degraded(12, 1, 4);
        world.crash(true);
        world.absent.add(1);
        // The other place of the missing disk's first page.
        DiskLayout layout = world.disks.groups().getFirst().layout();
        for (int index = 0; index < 2; index++) {
            long at = Blocks.toBytes(layout.checksumPage(true, 0, index));
            world.device(0, 2).overwriteWithNoise(at, Blocks.SIZE);
        }
        world.open();
        world.recover();
        assertThat(DiskSwap.replace(world, 1, DiskSwap.replacement(world, 1))).isNull();
        DiskSwap.awaitRebuilt(world);
        assertThat(world.heard.lostInRebuilds).isEqualTo(127);
        assertThat(world.heard.groupsLost).isZero();
        DiskSwap.checkWhatIsLeft(world);
        world.crash(true);
        world.open();
        world.recover();
        // Neither place may say that those blocks were never written.
        List<String> findings = world.check().findings();
        assertThat(findings).isNotEmpty().allMatch(finding -> finding.contains("page 0 are lost"));
        RaidGeometry geometry = world.space.geometry();
        for (var block : world.committed.entrySet()) {
            if (geometry.dbnOf(block.getKey()) >= 127) {
                ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
                int crc = RaidWorld.crc(block.getValue());
                assertThat(world.read(block.getKey(), crc, into)).isEqualTo(Read.Ok.OK);
            }
        }
    }
}
