package lockstep.replication.source;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.MalformedEntry;
import lockstep.replication.source.EntryBacklog.Unsent;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;

class EntryBacklogTest {
    private static final Epoch EPOCH = new Epoch(1, 1);
    private static final int MOST_BYTES = 256 << 10;

    private final EntryBacklog backlog = new EntryBacklog();
    private long last;

    private void add(long half, int entries) {
        for (int i = 0; i < entries; i++) {
            last++;
            ByteBuffer data = ByteBuffer.allocate(Blocks.SIZE).putLong(0, last);
            Position position = new Position(EPOCH, last);
            backlog.add(half, new LogEntry.Write(position, 0, 0, data, Crc32c.of(data)));
        }
    }

    private Unsent taken() {
        return Objects.requireNonNull(backlog.takeUnsent());
    }

    private static List<Long> sequences(Unsent unsent) throws MalformedEntry {
        List<Long> sequences = new ArrayList<>();
        for (ByteBuffer piece : unsent.pieces()) {
            ByteBuffer rest = piece.duplicate();
            while (rest.hasRemaining()) {
                sequences.add(EntryCodec.decode(rest).position().sequence());
            }
        }
        assertThat(unsent.count()).isEqualTo(sequences.size());
        assertThat(unsent.firstSequence()).isEqualTo(sequences.getFirst());
        return sequences;
    }

    private static List<Long> range(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    @Test
    void whatCameInOneTurnLeavesInOneFrame() throws MalformedEntry {
        for (int turn = 0; turn < 10; turn++) {
            add(1, 32);
            assertThat(sequences(taken())).isEqualTo(range(last - 31, last));
            assertThat(backlog.takeUnsent()).isNull();
            backlog.stored(last - 32);
        }
    }

    @Test
    void aFrameIsOfOneHalfAndHasNoMoreThanItMay() throws MalformedEntry {
        add(1, 5);
        add(2, 200);
        assertThat(sequences(taken())).isEqualTo(range(1, 5));
        long next = 6;
        for (Unsent unsent = backlog.takeUnsent(); unsent != null; unsent = backlog.takeUnsent()) {
            assertThat(unsent.half()).isEqualTo(2);
            assertThat(unsent.pieces().stream().mapToInt(ByteBuffer::remaining).sum())
                    .isBetween(MOST_BYTES / 4, MOST_BYTES);
            assertThat(sequences(unsent)).isEqualTo(range(next, next + unsent.count() - 1));
            next += unsent.count();
        }
        assertThat(next).isEqualTo(last + 1);
        assertThat(backlog.bytes()).isGreaterThan(205 * Blocks.SIZE);
    }

    @Test
    void overANewLinkGoesWhatWasNotStored() throws MalformedEntry {
        add(1, 40);
        taken();
        add(1, 3);
        backlog.resendAfter(17);
        assertThat(sequences(taken())).isEqualTo(range(18, 43));
        backlog.stored(43);
        assertThat(backlog.bytes()).isZero();
    }

    @Test
    void whatLeavesTogetherForTheFirstTimeTakesFewerBytesOfALog() {
        // Each is a block and a head: two blocks of a log if it is alone there.
        long alone = 2 * Blocks.SIZE;
        add(1, 1);
        assertThat(taken().fewerBytes()).isZero();
        add(1, 14);
        assertThat(taken().fewerBytes()).isEqualTo(14 * alone - 15 * Blocks.SIZE);
        add(1, 3);
        add(2, 2);
        assertThat(taken().fewerBytes()).isEqualTo(3 * alone - 4 * Blocks.SIZE);
        assertThat(taken().fewerBytes()).isEqualTo(2 * alone - 3 * Blocks.SIZE);
    }

    @Test
    void whatIsSentAgainIsNotCountedAgain() {
        add(1, 10);
        taken();
        add(1, 2);
        backlog.resendAfter(0);
        Unsent again = taken();
        assertThat(again.count()).isEqualTo(12);
        assertThat(again.fewerBytes()).isEqualTo(Blocks.SIZE);
        backlog.resendAfter(0);
        assertThat(taken().fewerBytes()).isZero();
    }
}
