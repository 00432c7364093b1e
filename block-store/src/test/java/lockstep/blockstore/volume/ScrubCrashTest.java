package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The power goes in the middle of a scrub's repairs, which are torn like any write: the next pass
/// makes good what the one before did not, and nothing that was right is lost by a repair.
@NullUnmarked
final class ScrubCrashTest {
    private static final int DBNS = 300;
    private static final int BLOCKS = 400;
    private static final int SLOTS = 4;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void passThatIsCutOffCostsNothing(long seed) {
        VolumeWorld world = new VolumeWorld(seed, SLOTS, DBNS, BLOCKS, CopyState.standalone());
        world.open(() -> world.active != null);
        world.makeLun();
        for (int at = 0; at < BLOCKS; at += 100) {
            world.write(at, 100);
        }
        int cutOff = 0;
        for (int round = 0; round < 4; round++) {
            world.write(10 * round, 40);
            // Nothing is under way but the scrub: rot and a torn stripe at once are two faults.
            world.checkpoint();
            world.checkpoint();
            damage(world);
            ScrubRun cut = new ScrubRun(world, world.space, ScrubRun.SETTINGS);
            world.loop.call(cut.scrub::start);
            world.simulation.runFor(world.simulation.between(1_000_000, 60_000_000));
            cutOff += cut.ended == null ? 1 : 0;
            world.crash(world.simulation.oneIn(2));
            world.open(() -> world.active != null);
            ScrubRun whole = ScrubRun.pass(world);
            assertThat(whole.lost).isEmpty();
            assertThat(whole.ended.counts().lost()).isZero();
            world.readAll();
            assertThat(world.check().errors()).isEmpty();
            world.checkpoint();
            assertThat(ScrubRun.pass(world).findings).isEmpty();
        }
        assertThat(cutOff).isPositive();
        assertThat(world.heard.lost + world.heard.membersLost).isZero();
    }

    // One block of every sixth stripe, one copy of every checksum page, records of one disk.
    private static void damage(VolumeWorld world) {
        DiskLayout layout = world.disks.groups().getFirst().layout();
        for (long dbn = world.simulation.between(0, 5); dbn < DBNS; dbn += 6) {
            damage(world, anySlot(world), layout.dataStart() + dbn);
        }
        for (long page = 0; page < layout.pages(); page++) {
            int slot = anySlot(world);
            for (int index = 0; index < 2; index++) {
                damage(world, slot, layout.checksumPage(false, page, index));
            }
        }
        int slot = anySlot(world);
        for (long block : new long[] {8, 9, 12, 13, 16, 21}) {
            damage(world, slot, block);
        }
        // With both labels gone it would be no disk of ours.
        damage(world, slot, world.simulation.between(0, 1));
    }

    private static int anySlot(VolumeWorld world) {
        return world.simulation.random().nextInt(SLOTS);
    }

    private static void damage(VolumeWorld world, int slot, long block) {
        SimDevice device = world.devices.get(slot);
        long at = Blocks.toBytes(block);
        if (device.isFresh(at)) {
            return;
        }
        switch ((int) world.simulation.between(0, 2)) {
            case 0 -> device.corrupt(at + world.simulation.random().nextInt(Blocks.SIZE));
            case 1 -> device.overwriteWithNoise(at, Blocks.SIZE);
            default -> device.faults().markUnreadable(at, Blocks.SIZE);
        }
    }
}
