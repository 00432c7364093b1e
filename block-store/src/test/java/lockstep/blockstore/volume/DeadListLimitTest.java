package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/// The partner is away, and everything that is overwritten meanwhile is kept for it: up to a limit.
@NullUnmarked
final class DeadListLimitTest {
    private static final int LUN_BLOCKS = 200;
    private static final int ROUNDS = 12;

    private static VolumeWorld pinned(long deadBlocks) {
        VolumeWorld world = new VolumeWorld(4, 4, 1600, LUN_BLOCKS, CopyState.standalone());
        world.open(() -> world.active != null);
        world.makeLun();
        world.write(0, LUN_BLOCKS);
        world.checkpoint();
        world.crash(true);
        world.pins = true;
        world.deadBlocks = deadBlocks;
        world.open(() -> world.active != null);
        return world;
    }

    // Every second consistency point leaves half of them alone.
    private static long overwrite(VolumeWorld world) {
        long most = 0;
        for (int round = 0; round < ROUNDS; round++) {
            world.write(0, round % 2 == 0 ? LUN_BLOCKS : LUN_BLOCKS / 2);
            world.checkpoint();
            most = Math.max(most, world.active.usage().deadBlocks());
        }
        return most;
    }

    @Test
    void imageIsGivenUpWhenTooMuchIsKeptForIt() {
        VolumeWorld world = pinned(150);
        CpId image = world.copy.root().pins().getFirst().cp();
        // The pin keeps the first 200 of its image; what was born since dies like anything.
        overwrite(world);
        assertThat(world.givenUp).isEqualTo(image);
        assertThat(world.active.usage().deadBlocks()).isLessThan(2 * LUN_BLOCKS);
        assertThat(world.copy.root().pins()).isEmpty();
        assertThat(world.read(0, LUN_BLOCKS).isDone()).isTrue();
        world.crash(true);
        world.pins = false;
        world.open(() -> world.active != null);
        assertThat(world.read(0, LUN_BLOCKS).isDone()).isTrue();
    }

    @Test
    void imageIsKeptUpToTheLimit() {
        VolumeWorld world = pinned(5 * LUN_BLOCKS);
        CpId image = world.copy.root().pins().getFirst().cp();
        long most = overwrite(world);
        assertThat(most).isBetween((long) LUN_BLOCKS, 5L * LUN_BLOCKS);
        assertThat(world.givenUp).isNull();
        assertThat(world.copy.root().pins().getFirst().cp()).isEqualTo(image);
        assertThat(world.read(0, LUN_BLOCKS).isDone()).isTrue();
    }
}
