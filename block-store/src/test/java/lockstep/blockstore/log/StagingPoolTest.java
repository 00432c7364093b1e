package lockstep.blockstore.log;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

final class StagingPoolTest {
    private static final int ENTRY = Blocks.SIZE + EntryCodec.HEAD_BYTES;
    private static final int MEBIBYTE = 1 << 20;

    private final StagingPool pool = new StagingPool();
    private final SplittableRandom random = new SplittableRandom(1);
    private final ArrayDeque<Held> held = new ArrayDeque<>();
    private final ArrayDeque<List<StagingPool.Piece>> underWay = new ArrayDeque<>();

    private record Held(ByteBuffer expected, Appended at) {
        void giveBack() {
            ByteBuffer found = at.memory().view(at.at(), at.length());
            assertThat(found).isEqualTo(expected);
            at.memory().giveBack();
        }
    }

    /// A batch of so many entries, of which one in `oneIn` is held (0: none).
    private void batch(int entries, int oneIn) {
        List<StagingPool.Piece> pieces = new ArrayList<>(List.of(pool.take()));
        for (int i = 0; i < entries; i++) {
            byte[] content = new byte[ENTRY];
            random.nextBytes(content);
            if (pieces.getLast().bytes.remaining() < ENTRY) {
                pieces.getLast().bytes.position(pieces.getLast().bytes.limit());
                pieces.getLast().close();
                pieces.add(pool.take());
            }
            StagingPool.Piece piece = pieces.getLast();
            int at = piece.bytes.position();
            piece.bytes.put(content);
            if (oneIn > 0 && random.nextInt(oneIn) == 0) {
                Appended place = piece.place(at, ENTRY);
                place.memory().hold();
                held.add(new Held(ByteBuffer.wrap(content), place));
            }
        }
        ByteBuffer last = pieces.getLast().bytes;
        last.position((int) Blocks.toBytes(Blocks.roundUp(last.position())));
        pieces.getLast().close();
        underWay.add(pieces);
    }

    private void endOldest() {
        underWay.remove().forEach(StagingPool.Piece::give);
    }

    @Test
    void whatIsHeldStaysWhatItIsWhateverIsGivenBack() {
        for (int i = 0; i < 3_000; i++) {
            batch(1 + random.nextInt(random.nextInt(8) == 0 ? 150 : 40), 1 + random.nextInt(4));
            while (underWay.size() > random.nextInt(3)) {
                endOldest();
            }
            while (held.size() > 2_000 || (random.nextInt(3) == 0 && !held.isEmpty())) {
                (random.nextBoolean() ? held.removeFirst() : held.removeLast()).giveBack();
            }
        }
        while (!held.isEmpty()) {
            held.remove().giveBack();
        }
    }

    /// Of a load of equal batches, most of the memory that is held is of entries.
    @Test
    void whatIsHeldTakesLittleMore() {
        for (int i = 0; i < 1_000; i++) {
            batch(4, 1);
            endOldest();
        }
        long bytes = (long) held.size() * ENTRY;
        assertThat(pool.madeBytes()).isBetween(bytes, bytes * 3 / 2);
    }

    @Test
    void memoryIsUsedAgain() {
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 200; i++) {
                batch(28, 1);
                endOldest();
            }
            while (!held.isEmpty()) {
                held.remove().giveBack();
            }
        }
        assertThat(pool.madeBytes()).isBetween(22L * MEBIBYTE, 28L * MEBIBYTE);
    }

    /// The memory of a mirror that has become the source is not kept for ever.
    @Test
    void whatNobodyNeedsAnyMoreIsGivenUp() {
        for (int i = 0; i < 400; i++) {
            batch(28, 1);
            endOldest();
        }
        while (!held.isEmpty()) {
            held.remove().giveBack();
        }
        long before = pool.madeBytes();
        pool.trim();
        for (int i = 0; i < 400; i++) {
            batch(28, 1);
            endOldest();
        }
        assertThat(pool.madeBytes()).isBetween(before + 10L * MEBIBYTE, 2 * before);
    }

    /// The next batch finds the memory in the processor's caches.
    @Test
    void whereNothingIsHeldOneChunkIsEnough() {
        for (int i = 0; i < 100; i++) {
            batch(10, 0);
            endOldest();
        }
        assertThat(pool.madeBytes()).isEqualTo(MEBIBYTE / 4);
    }

    @Test
    void whatIsNeverGivenBackIsNeverUsedAgain() {
        batch(20, 1);
        endOldest();
        List<Held> kept = new ArrayList<>(held);
        held.clear();
        for (int i = 0; i < 500; i++) {
            batch(20, 2);
            endOldest();
            while (!held.isEmpty()) {
                held.remove().giveBack();
            }
        }
        kept.forEach(Held::giveBack);
    }
}
