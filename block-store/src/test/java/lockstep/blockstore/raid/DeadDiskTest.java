package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;

/// A disk that is taken away, or overwritten by somebody, while the volume is in use.
@NullUnmarked
final class DeadDiskTest {
    private static RaidWorld inUse(long seed) {
        RaidWorld world = new RaidWorld(seed, 200, 5);
        world.recover();
        world.consistencyPoint(300);
        world.consistencyPoint(150);
        return world;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void diskFullOfNoiseIsGivenUpAndCostsNothing(int slot) {
        RaidWorld world = inUse(slot);
        SimDevice victim = world.device(0, slot);
        victim.overwriteWithNoise(0, (int) victim.size());
        world.checkContent();
        for (int round = 0; round < 4; round++) {
            world.consistencyPoint(40);
            world.checkContent();
        }
        assertThat(world.heard.lost).isZero();
        assertThat(world.space.degraded()).isTrue();
        assertThat(world.heard.membersLost).isEqualTo(1);
        assertThat(world.space.status().get(slot).live()).isFalse();
        world.checkStripes();
        comesBackWithoutIt(world);
    }

    // Parity is read only where it is cheaper than the rest of the stripe: it may well be made good
    // by what is written before it is given up.
    @Test
    void parityDiskFullOfNoiseCostsNothing() {
        RaidWorld world = inUse(4);
        SimDevice victim = world.device(0, 4);
        victim.overwriteWithNoise(0, (int) victim.size());
        for (int round = 0; round < 4; round++) {
            world.consistencyPoint(40);
            world.checkContent();
        }
        assertThat(world.heard.lost).isZero();
        assertThat(world.heard.bad).isPositive();
        comesBackWithoutIt(world);
    }

    // The noise is not one of ours.
    private static void comesBackWithoutIt(RaidWorld world) {
        world.crash(true);
        world.open();
        world.recover();
        assertThat(world.space.degraded()).isTrue();
        world.checkContent();
        world.consistencyPoint(40);
        world.checkContent();
    }

    @Test
    void fewBlocksAreHealedOntoADiskFullOfNoise() {
        RaidWorld world = inUse(7);
        SimDevice victim = world.device(0, 1);
        victim.overwriteWithNoise(0, (int) victim.size());
        long before = victim.writesSubmitted();
        world.checkContent();
        assertThat(victim.writesSubmitted() - before).isLessThanOrEqualTo(20);
        assertThat(world.space.degraded()).isTrue();
    }

    @Test
    void diskThatFailsEveryReadIsGivenUp() {
        RaidWorld world = inUse(8);
        world.device(0, 2).faults().failReads((_, _) -> true);
        world.checkContent();
        assertThat(world.space.degraded()).isTrue();
        assertThat(world.heard.lost).isZero();
    }

    @Test
    void goneDiskIsGivenUpAtTheFirstHealing() {
        RaidWorld world = inUse(9);
        world.device(0, 2).faults().failAll("gone");
        world.checkContent();
        assertThat(world.heard.membersLost).isEqualTo(1);
        assertThat(world.heard.bad).isEqualTo(1);
        world.consistencyPoint(60);
        world.checkContent();
        world.checkStripes();
    }

    @Test
    void secondBadDiskIsKeptForWhatIsStillRight() {
        RaidWorld world = inUse(10);
        world.device(0, 0).faults().failAll("gone");
        world.consistencyPoint(40);
        SimDevice second = world.device(0, 1);
        long first = world.dataStart();
        second.overwriteWithNoise(first, 40 * 4096);
        for (long vbn : world.committed.keySet()) {
            ByteBuffer into = ByteBuffer.allocate(4096);
            world.read(vbn, RaidWorld.crc(world.committed.get(vbn)), into);
        }
        assertThat(world.heard.groupsLost).isZero();
        assertThat(world.space.status().get(1).live()).isTrue();
    }

    /// Rot everywhere, at most one block in a stripe: each is healed, and nobody is given up for
    /// it, because that would cost the others what they are healed from.
    @Test
    void rotOnAllDisksGivesUpNone() {
        RaidWorld world = inUse(11);
        long dbns = world.space.geometry().groups().getFirst().dbnCount();
        for (long dbn = 0; dbn < dbns; dbn++) {
            world.device(0, (int) (dbn % 5)).corrupt(world.dataStart() + 4096 * dbn);
        }
        world.checkContent();
        world.consistencyPoint(60);
        world.checkContent();
        assertThat(world.heard.membersLost).isZero();
        assertThat(world.heard.lost).isZero();
        assertThat(world.heard.healed).isGreaterThan(50);
    }
}
