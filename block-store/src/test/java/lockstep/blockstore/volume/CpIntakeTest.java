package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;

/// When what a mirror receives goes to its disks, and when its source hears of it.
@NullUnmarked
final class CpIntakeTest implements MirrorVolume.Observer {
    private static final int FIRST_VBN = 1000;

    private final VolumeWorld world =
            new VolumeWorld(
                    5,
                    5,
                    10_000,
                    100,
                    CopyState.standalone()
                            .withPeer(1, "a")
                            .as(CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE));
    private final ByteBuffer block = ByteBuffer.allocateDirect(Blocks.SIZE);
    private final int crc = Crc32c.of(block, 0, Blocks.SIZE);
    private CpIntake intake;
    private int vbn = FIRST_VBN;
    private long told;

    @BeforeEach
    void begin() {
        world.open(() -> world.mirror != null);
        intake =
                new CpIntake(
                        world.copy,
                        new BaseBlocks(world.copy.pool(), 16),
                        new CpId(new Epoch(9, 1), 1),
                        0,
                        false,
                        this);
    }

    private void references(int count) {
        world.loop.call(
                () -> {
                    for (int i = 0; i < count; i++) {
                        assertThat(intake.reference(vbn++, block, crc)).isTrue();
                    }
                });
    }

    private void contents(int count) {
        world.loop.call(
                () -> {
                    for (int i = 0; i < count; i++) {
                        assertThat(intake.data(vbn++, block.duplicate().clear())).isTrue();
                    }
                });
    }

    private long diskWrites() {
        return world.devices.stream().mapToLong(SimDevice::writesSubmitted).sum();
    }

    @Test
    void referencesAreTakenAtOnceAndWrittenManyAtATime() {
        long before = diskWrites();
        references(20_000);
        assertThat(told).isGreaterThan(20_000 - 4096);
        world.simulation.runUntilIdle();
        assertThat(diskWrites()).isEqualTo(before);
        references(16_000);
        world.simulation.runUntilIdle();
        assertThat(diskWrites()).isGreaterThan(before);
    }

    @Test
    void contentsAreTakenWhenTheyAreWritten() {
        long before = diskWrites();
        contents(4095);
        world.simulation.runUntilIdle();
        assertThat(diskWrites()).isEqualTo(before);
        assertThat(told).isZero();
        contents(1);
        assertThat(told).isZero();
        world.simulation.runUntilIdle();
        assertThat(diskWrites()).isGreaterThan(before);
        assertThat(told).isEqualTo(4096);
    }

    @Test
    void aSourceThatHasALimitUnderWayIsNeverKeptWaiting() {
        long most = 8192;
        long sent = 0;
        while (sent < 36_000) {
            int some = (int) Math.min(world.simulation.between(1, 700), most - (sent - told));
            assertThat(some).isPositive();
            if (world.simulation.oneIn(2)) {
                references(some);
            } else {
                contents(some);
            }
            sent += some;
            if (sent - told == most) {
                world.simulation.runUntilIdle();
            }
        }
    }

    @Override
    public void written(CpId cp, long blocks) {
        assertThat(blocks).isGreaterThanOrEqualTo(told).isLessThanOrEqualTo(vbn - FIRST_VBN + 1);
        told = blocks;
    }

    @Override
    public void stored(lockstep.blockstore.base.Position upTo) {}

    @Override
    public void logLost(String reason) {}

    @Override
    public void refused(CpId cp, String reason) {
        throw new AssertionError(reason);
    }

    @Override
    public void lunsChanged() {}

    @Override
    public void stopped(String reason) {
        throw new AssertionError(reason);
    }
}
