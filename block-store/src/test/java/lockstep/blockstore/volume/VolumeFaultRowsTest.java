package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// Faults that are about a volume as a whole: D12 a superblock that is damaged, D16 disks that lied
/// about a flush, D18 no block is free. `FaultRowsTest` has the others, [VolumeHolesTest] D17.
@NullUnmarked
final class VolumeFaultRowsTest {
    private static final int BLOCKS = 400;

    private static VolumeWorld written(long seed) {
        VolumeWorld world = new VolumeWorld(seed, 4, 300, BLOCKS, CopyState.standalone());
        world.open(() -> world.active != null);
        world.makeLun();
        world.write(0, BLOCKS / 2);
        world.checkpoint();
        return world;
    }

    private static void reopen(VolumeWorld world, boolean powerCut) {
        world.crash(powerCut);
        world.open(() -> world.active != null);
    }

    /// One copy that is right is enough, wherever it is.
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void d12AnyOneCopyOfTheSuperblockIsEnough(int survivor) {
        VolumeWorld world = written(40 + survivor);
        world.write(100, 200);
        world.checkpoint();
        world.crash(false);
        for (int slot = 0; slot < 4; slot++) {
            for (int block = 16; block < 26 && slot != survivor; block++) {
                SimDevice device = world.devices.get(slot);
                if (slot == 2) {
                    device.faults().markUnreadable(Blocks.toBytes(block), Blocks.SIZE);
                } else {
                    device.overwriteWithNoise(Blocks.toBytes(block), Blocks.SIZE);
                }
            }
        }
        world.open(() -> world.active != null);
        world.readAll();
        assertThat(world.disks.degraded()).isFalse();
        assertThat(world.check().errors()).isEmpty();
        ScrubRun.pass(world);
        reopen(world, true);
        assertThat(ScrubRun.pass(world).findings).isEmpty();
    }

    /// With the newest gone everywhere the one before it counts, and the log brings the rest or
    /// says that it cannot.
    @Test
    void d12WithoutTheNewestSuperblockTheOneBeforeIsNotServedAsIfItWereTheNewest() {
        int opened = 0;
        for (long seed = 51; seed < 55; seed++) {
            VolumeWorld world = written(seed);
            world.write(100, 20);
            world.checkpoint();
            world.crash(false);
            for (SimDevice device : world.devices) {
                int newest = order(device, 0) > order(device, 1) ? 0 : 1;
                device.overwriteWithNoise(place(newest), Blocks.SIZE);
            }
            world.open(() -> world.active != null);
            if (world.refused == null) {
                opened++;
                world.readAll();
                assertThat(world.check().errors()).isEmpty();
            } else {
                assertThat(world.refused).contains("the log goes from");
            }
        }
        assertThat(opened).isPositive();
    }

    private static long place(int slot) {
        return Blocks.toBytes(16 + 5L * slot);
    }

    private static long order(SimDevice device, int slot) {
        return ByteBuffer.wrap(device.peek(place(slot), 64)).getLong(32);
    }

    /// Labels and records of one disk are gone in any way: it stays a member.
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void oneLabelThatIsDamagedCostsNoDisk(int index) {
        for (boolean unreadable : new boolean[] {false, true}) {
            VolumeWorld world = written(60 + index);
            world.crash(true);
            SimDevice device = world.devices.get(1);
            if (unreadable) {
                device.faults().markUnreadable(Blocks.toBytes(index), Blocks.SIZE);
            } else {
                device.overwriteWithNoise(Blocks.toBytes(index), Blocks.SIZE);
            }
            world.open(() -> world.active != null);
            assertThat(world.disks.degraded()).isFalse();
            ScrubRun.pass(world);
            assertThat(device.faults().hasUnreadable()).isFalse();
            reopen(world, true);
            assertThat(ScrubRun.pass(world).findings).isEmpty();
        }
    }

    /// A disk that lied falls back behind the others: they are right, and it is made right.
    @ParameterizedTest
    @ValueSource(longs = {70, 71, 72, 73})
    void d16DiskThatLiedAboutFlushesIsMadeRightByTheOthers(long seed) {
        VolumeWorld world = written(seed);
        SimDevice liar = world.devices.get((int) (seed % 4));
        liar.faults().ignoreFlushes();
        world.write(50, 20);
        world.checkpoint();
        world.write(150, 30);
        world.checkpoint();
        world.crash(true);
        liar.faults().heal();
        world.open(() -> world.active != null);
        world.readAll();
        ScrubRun run = ScrubRun.pass(world);
        assertThat(run.lost).isEmpty();
        world.readAll();
        assertThat(world.check().errors()).isEmpty();
    }

    /// All disks lied, the log did not: either the volume has everything again, or it says that it
    /// has not, as a whole or block by block. What is older is never served for what is newer.
    @Test
    void d16OlderImageIsNeverServedAsTheCurrentOne() {
        int whole = 0;
        int refused = 0;
        int partly = 0;
        for (long seed = 80; seed < 86; seed++) {
            VolumeWorld world = written(seed);
            world.devices.forEach(device -> device.faults().ignoreFlushes());
            for (int round = 0; round < 1 + seed % 3; round++) {
                world.write(20 * round, 60);
                world.checkpoint();
            }
            if (seed % 2 == 0) {
                world.write(300, 10);
            }
            world.crash(true);
            world.devices.forEach(device -> device.faults().heal());
            world.open(() -> world.active != null);
            if (world.refused != null) {
                refused++;
                continue;
            }
            int lost = 0;
            for (int at = 0; at < BLOCKS; at += 10) {
                // Compares what it can read with what was written last.
                Outcome outcome = world.read(at, 10);
                lost += outcome.isDone() ? 0 : 1;
                assertThat(outcome.isDone() || outcome instanceof Outcome.MediumError).isTrue();
            }
            whole += lost == 0 ? 1 : 0;
            partly += lost == 0 ? 0 : 1;
        }
        assertThat(whole + refused + partly).isEqualTo(6);
        assertThat(refused).isPositive();
    }

    /// The record of a scrub is one more record: an old volume has none, and needs none.
    @Test
    void volumeWithoutAScrubRecordIsScrubbed() {
        VolumeWorld world = written(95);
        assertThat(world.disks.readNewest(RecordArea.SCRUB)).isNull();
        assertThat(ScrubRun.pass(world).ended.passes()).isEqualTo(1);
        assertThat(world.disks.readNewest(RecordArea.SCRUB)).isNotNull();
    }

    /// A volume that is full takes no writes, and nothing else of it suffers: consistency points go
    /// on, reads are answered, and what is given back can be written again.
    @Test
    void d18VolumeWithoutAFreeBlockStopsWritesOnly() {
        VolumeWorld world = new VolumeWorld(60, 3, 400, 1000, CopyState.standalone());
        world.open(() -> world.active != null);
        world.makeLun();
        int written = 0;
        while (fits(world, written)) {
            written += 10;
        }
        assertThat(written).isBetween(300, 800);
        for (int i = 0; i < 5; i++) {
            assertThat(fits(world, written)).isFalse();
            world.checkpoint();
            assertThat(world.stopped).isNull();
        }
        assertThat(world.read(0, written)).isEqualTo(Outcome.done());
        reopen(world, true);
        assertThat(world.read(0, written)).isEqualTo(Outcome.done());
        assertThat(fits(world, written)).isFalse();
        Arrays.fill(world.content, 0, 100 * Blocks.SIZE, (byte) 0);
        world.succeed(done -> world.active.luns().getFirst().unmap(0, Blocks.toBytes(100), done));
        world.checkpoint();
        world.checkpoint();
        assertThat(fits(world, written)).isTrue();
        world.readAll();
        assertThat(world.check().errors()).isEmpty();
    }

    private static boolean fits(VolumeWorld world, int first) {
        byte[] data = new byte[10 * Blocks.SIZE];
        world.simulation.random().nextBytes(data);
        IoBuffer buffer = IoBuffer.unpooled(ByteBuffer.wrap(data));
        long offset = Blocks.toBytes(first);
        Outcome ended =
                world.outcome(done -> world.active.luns().getFirst().write(offset, buffer, done));
        if (ended.isDone()) {
            System.arraycopy(data, 0, world.content, (int) offset, data.length);
        } else {
            assertThat(ended).isEqualTo(new Outcome.NoSpace());
        }
        return ended.isDone();
    }
}
