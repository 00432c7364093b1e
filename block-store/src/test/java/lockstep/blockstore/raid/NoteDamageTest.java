package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Dirty notes and partial parity of one disk are damaged while they count: between the crash that
/// they were written for and the recovery that reads them.
@NullUnmarked
final class NoteDamageTest {
    private static final int SEEDS = 4;

    private static final int FIRST = (int) DiskLayout.note(0);
    private static final int END = 306;

    enum Damage {
        BIT_FLIP,
        ZEROES,
        OLDER_VERSION,
        OTHER_SLOT,
        READ_ERROR
    }

    private static void crashInConsistencyPoint(RaidWorld world) {
        world.loop.call(
                () -> {
                    CpWriter writer = world.begin();
                    world.putSome(writer, 60);
                    writer.writeOut(_ -> {});
                });
        world.simulation.runFor(world.simulation.between(500_000, 4_000_000));
        world.crash(true);
    }

    private static byte[] areas(SimDevice device) {
        return device.peek(Blocks.toBytes(FIRST), (int) Blocks.toBytes(END - FIRST));
    }

    // All blocks of the areas of one disk.
    private static int damage(RaidWorld world, SimDevice device, Damage how, byte[] older) {
        int damaged = 0;
        for (int block = FIRST; block < END; block++) {
            long at = Blocks.toBytes(block);
            if (device.isFresh(at)) {
                continue;
            }
            damaged++;
            switch (how) {
                case BIT_FLIP ->
                        device.corrupt(at + world.simulation.random().nextInt(Blocks.SIZE));
                case ZEROES -> device.poke(at, new byte[Blocks.SIZE]);
                case OLDER_VERSION -> {
                    byte[] then = new byte[Blocks.SIZE];
                    System.arraycopy(
                            older, (int) (at - Blocks.toBytes(FIRST)), then, 0, then.length);
                    device.poke(at, then);
                }
                case OTHER_SLOT -> {
                    int other = block < FIRST + 8 ? block + 8 : block < 48 ? block - 8 : block;
                    device.poke(at, device.peek(Blocks.toBytes(other), Blocks.SIZE));
                }
                case READ_ERROR -> device.faults().markUnreadable(at, Blocks.SIZE);
            }
        }
        return damaged;
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void recoveryNeedsTheNotesOfNoSingleDisk(Damage how) {
        int damaged = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            RaidWorld world = new RaidWorld(seed, 120, seed % 2 == 0 ? 4 : 5);
            world.recover();
            world.consistencyPoint(60);
            SimDevice victim = world.anyDevice();
            byte[] older = areas(victim);
            world.consistencyPoint(30);
            crashInConsistencyPoint(world);
            damaged += damage(world, victim, how, older);
            world.open();
            world.recover();
            world.checkStripes();
            world.checkContent();
            world.consistencyPoint(30);
            world.checkStripes();
            world.checkContent();
        }
        assertThat(damaged).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void degradedRecoveryNeedsTheNotesOfNoSingleDisk(Damage how) {
        int damaged = 0;
        for (long seed = 100; seed < 100 + SEEDS; seed++) {
            RaidWorld world = new RaidWorld(seed, 120, 5);
            world.recover();
            world.consistencyPoint(80);
            world.crash(true);
            world.absent.add((int) (seed % 4));
            world.open();
            world.recover();
            world.consistencyPoint(20);
            SimDevice victim = world.device(0, (int) ((seed + 1 + seed % 3) % 4));
            victim =
                    world.absent.contains(world.devices.indexOf(victim))
                            ? world.device(0, 4)
                            : victim;
            byte[] older = areas(victim);
            world.consistencyPoint(20);
            crashInConsistencyPoint(world);
            damaged += damage(world, victim, how, older);
            world.open();
            world.recover();
            world.checkContent();
            world.checkStripes();
        }
        assertThat(damaged).isPositive();
    }
}
