package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.log.Appended;
import lockstep.blockstore.log.HeldMemory;
import lockstep.blockstore.log.LogEntry;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Whose memory the data of a mirror's entries stand in, and for how long.
final class MirrorLogTest {
    private static final Epoch EPOCH = new Epoch(1, 1);
    private static final int HEAD = 56;

    private final MirrorLog log = new MirrorLog(Position.NONE);
    private final Chunk chunk = new Chunk();
    private long sequence;

    /// As the log's: entries with their heads, one behind the other.
    private static final class Chunk implements HeldMemory {
        private final ByteBuffer memory = ByteBuffer.allocate(1 << 20);
        private int holds;

        @Override
        public void hold() {
            holds++;
        }

        @Override
        public void giveBack() {
            holds--;
        }

        @Override
        public ByteBuffer view(int at, int length) {
            return memory.slice(at, length);
        }
    }

    private static ByteBuffer content(long of, int length) {
        ByteBuffer content = ByteBuffer.allocate(length);
        while (content.hasRemaining()) {
            content.put((byte) (of * 31 + content.position()));
        }
        return content.flip();
    }

    private void add(int length, boolean inLog) {
        sequence++;
        ByteBuffer data = content(sequence, length);
        Appended place = null;
        if (inLog) {
            int at = chunk.memory.position() + HEAD;
            chunk.memory.position(at).put(data.duplicate());
            place = new Appended(chunk, at, length);
        }
        long offset = Blocks.toBytes(sequence);
        Position position = new Position(EPOCH, sequence);
        ByteBuffer borrowed = ByteBuffer.allocate(length).put(data.duplicate()).flip();
        log.add(1, new LogEntry.Write(position, 0, offset, borrowed, Crc32c.of(data)), place);
        // It was lent for the call.
        borrowed.clear().put(new byte[length]);
    }

    private void assertHeld(long of, int blocks) {
        for (int i = 0; i < blocks; i++) {
            MirrorLog.@Nullable Block block = log.block(of, i * Blocks.SIZE);
            ByteBuffer expected =
                    content(of, blocks * Blocks.SIZE).slice(i * Blocks.SIZE, Blocks.SIZE);
            assertThat(Objects.requireNonNull(block).content()).isEqualTo(expected);
            assertThat(block.crc()).isEqualTo(Crc32c.of(expected));
        }
    }

    @Test
    void whatTheLogHasIsHeldThereUntilTheImageHasIt() {
        add(Blocks.SIZE, true);
        add(Blocks.SIZE, false);
        add(3 * Blocks.SIZE, true);
        assertThat(chunk.holds).isEqualTo(2);
        assertHeld(1, 1);
        assertHeld(2, 1);
        assertHeld(3, 3);
        log.dropUpTo(2);
        assertThat(chunk.holds).isEqualTo(1);
        assertHeld(3, 3);
        log.dropUpTo(3);
        assertThat(chunk.holds).isZero();
    }

    @Test
    void littleIsCopiedAndHoldsNothing() {
        add(512, true);
        assertThat(chunk.holds).isZero();
        log.dropUpTo(1);
        assertThat(chunk.holds).isZero();
    }

    /// What a rehearsal reads stays what it is, whatever the mirror drops meanwhile.
    @Test
    void whatWasGivenAwayIsNeverGivenBack() {
        add(Blocks.SIZE, true);
        add(Blocks.SIZE, true);
        List<TakeoverRehearsal.Entry> given = log.held(0);
        add(Blocks.SIZE, true);
        log.dropUpTo(3);
        assertThat(chunk.holds).isEqualTo(2);
        assertThat(given).hasSize(2);
    }

    @Test
    void aTakeoverGetsEverythingAndNothingIsGivenBack() {
        add(Blocks.SIZE, true);
        add(Blocks.SIZE, false);
        List<ByteBuffer> replayed = new ArrayList<>();
        log.replay(0, (_, entry) -> replayed.add(((LogEntry.Write) entry).data()), (_, _, _) -> {});
        assertThat(replayed).containsExactly(content(1, Blocks.SIZE), content(2, Blocks.SIZE));
        assertThat(chunk.holds).isEqualTo(1);
    }
}
