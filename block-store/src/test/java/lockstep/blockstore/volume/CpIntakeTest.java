package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;

/// When what a mirror receives goes to its disks, and when its source hears of it.
@NullUnmarked
final class CpIntakeTest implements MirrorVolume.Observer {
    private static final int FIRST_VBN = 1000;

    private final VolumeWorld world = mirror(CopyState.Sync.NO_IMAGE);
    private final ByteBuffer block = ByteBuffer.allocateDirect(Blocks.SIZE);
    private final int crc = Crc32c.of(block, 0, Blocks.SIZE);
    private CpIntake intake;
    private int vbn = FIRST_VBN;
    private long told;

    private static VolumeWorld mirror(CopyState.Sync sync) {
        CopyState state = CopyState.standalone().withPeer(1, "a").as(CopyState.Role.MIRROR, sync);
        return new VolumeWorld(5, 5, 10_000, 100, state);
    }

    @BeforeEach
    void begin() {
        world.open(() -> world.mirror != null);
        intake = intake(world.copy, 0, new MirrorLog(Position.NONE));
    }

    private CpIntake intake(VolumeCopy copy, long upTo, MirrorLog log) {
        return new CpIntake(
                copy,
                new BaseBlocks(copy.pool(), 16),
                new CpId(new Epoch(9, 1), 1),
                upTo,
                false,
                log,
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

    @Test
    void itIsUrgentInAResyncOrBehindManyEntriesOrWhenItIsToGo() {
        VolumeWorld inSync = mirror(CopyState.Sync.IN_SYNC);
        inSync.open(() -> inSync.mirror != null);
        for (long end = 400; end <= 600; end += 20) {
            MirrorLog log = new MirrorLog(new Position(new Epoch(9, 1), end));
            assertThat(intake(inSync.copy, 400, log).isUrgent()).isEqualTo(end >= 500);
            assertThat(intake(world.copy, 400, log).isUrgent()).isTrue();
        }
        MirrorLog none = new MirrorLog(new Position(new Epoch(9, 1), 400));
        CpIntake unwanted = intake(inSync.copy, 400, none);
        assertThat(unwanted.isUrgent()).isFalse();
        unwanted.hurry();
        assertThat(unwanted.isUrgent()).isTrue();
    }
}
