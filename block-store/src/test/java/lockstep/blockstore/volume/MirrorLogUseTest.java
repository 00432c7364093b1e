package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.log.LogEntry;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;

class MirrorLogUseTest {
    // A block of data and a head, alone in a commit.
    private static final long ALONE = 2 * Blocks.SIZE;

    private final MirrorLogUse use = new MirrorLogUse();
    private long sequence;

    private void sequenced(long half, int entries) {
        ByteBuffer data = ByteBuffer.allocate(Blocks.SIZE);
        for (int i = 0; i < entries; i++) {
            Position position = new Position(new Epoch(1, 1), ++sequence);
            use.sequenced(half, new LogEntry.Write(position, 0, 0, data, Crc32c.of(data)));
        }
    }

    @Test
    void anEntryCountsAsIfItWereAloneUntilItIsKnownWhatIsWithIt() {
        sequenced(7, 16);
        assertThat(use.bytesOfNewest(7)).isEqualTo(16 * ALONE);
        use.together(7, 15 * Blocks.SIZE);
        assertThat(use.bytesOfNewest(7)).isEqualTo(17 * Blocks.SIZE);
        assertThat(use.bytes()).isEqualTo(17 * Blocks.SIZE);
    }

    @Test
    void anImageVoidsTheHalvesThatItHolds() {
        use.found(4, 100 * Blocks.SIZE);
        sequenced(5, 3);
        sequenced(6, 2);
        assertThat(use.bytes()).isEqualTo(100 * Blocks.SIZE + 5 * ALONE);
        assertThat(use.bytesOfNewest(6)).isEqualTo(2 * ALONE);
        // The half that begins next has nothing yet.
        assertThat(use.bytesOfNewest(7)).isZero();
        use.release(5);
        assertThat(use.bytes()).isEqualTo(2 * ALONE);
        // These left a moment ago, and an image holds them already.
        use.together(5, Blocks.SIZE);
        assertThat(use.bytes()).isEqualTo(2 * ALONE);
        use.release(6);
        assertThat(use.bytes()).isZero();
    }

    @Test
    void entriesOfAnOlderHalfMayLeaveWhenTheNextHasBegun() {
        sequenced(5, 4);
        sequenced(6, 1);
        use.together(5, 3 * Blocks.SIZE);
        assertThat(use.bytes()).isEqualTo(5 * Blocks.SIZE + ALONE);
    }

    @Test
    void nothingTakesLessThanNothing() {
        sequenced(5, 1);
        assertThatThrownBy(() -> use.together(5, ALONE + 1)).isInstanceOf(BrokenInvariant.class);
        assertThatThrownBy(() -> sequenced(4, 1)).isInstanceOf(BrokenInvariant.class);
    }
}
