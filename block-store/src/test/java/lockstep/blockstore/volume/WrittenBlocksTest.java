package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.raid.RaidTraffic;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The figures that make up write amplification, and how long commands wait for room.
@NullUnmarked
final class WrittenBlocksTest {
    private static final int LUN_BLOCKS = 2000;

    private VolumeWorld world;

    @BeforeEach
    void openVolume() {
        world = new VolumeWorld(1, 5, 2000, LUN_BLOCKS, CopyState.standalone());
        world.open(() -> world.active != null);
        world.makeLun();
        world.checkpoint();
    }

    @Test
    void everyBlockIsCountedOnceByWhatItIs() {
        VolumeUsage before = world.active.usage();
        RaidTraffic raidBefore = world.space.raid().traffic();
        for (int at = 0; at < 1000; at += 100) {
            world.write(at, 100);
        }
        world.checkpoint();
        VolumeUsage after = world.active.usage();
        RaidTraffic raid = world.space.raid().traffic();
        long data = after.written().data() - before.written().data();
        long nodes = after.written().nodes() - before.written().nodes();
        long files = after.written().files() - before.written().files();
        // The volume may have begun a consistency point of its own among the writes.
        assertThat(data).isEqualTo(1000);
        assertThat(nodes).isBetween(1L, 100L);
        assertThat(files).isBetween(1L, 100L);
        assertThat(raid.data() - raidBefore.data()).isEqualTo(data + nodes + files);
        assertThat(raid.parity() - raidBefore.parity()).isBetween((data + nodes + files) / 4, data);
        assertThat(raid.checksums() - raidBefore.checksums()).isPositive().isEven();
        assertThat(raid.notes() - raidBefore.notes()).isPositive();
    }

    @Test
    void theLongestWaitForRoomIsKnownForAWhile() {
        assertThat(world.active.usage().longestWaitNanos()).isZero();
        List<Outcome> ended = new ArrayList<>();
        byte[] block = new byte[256 * Blocks.SIZE];
        // More than both halves hold at once.
        for (int i = 0; i < 8; i++) {
            int at = i % 7 * 256;
            world.loop.call(() -> write(at, block, ended::add));
        }
        world.await(() -> ended.size() == 8);
        assertThat(world.active.usage().longestWaitNanos()).isPositive();
        for (int i = 0; i < 3; i++) {
            world.write(i, 1);
            world.checkpoint();
        }
        world.write(5, 1);
        assertThat(world.active.usage().longestWaitNanos()).isZero();
    }

    private void write(int block, byte[] data, Outcome.Handler done) {
        IoBuffer buffer = IoBuffer.unpooled(ByteBuffer.wrap(data));
        world.active.luns().getFirst().write(Blocks.toBytes(block), buffer, done);
    }
}
