package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Direct, block-aligned memory in which batches wait for their commit, and entries stand longer
/// that somebody holds ([HeldMemory]). Chunks are used again; a burst beyond what is kept goes back
/// to the garbage collector.
///
/// A batch has chunks of its own, so that the next one finds the memory in the processor's caches.
/// Where entries are held the next one goes on behind it instead: what is held takes an eighth more
/// than it takes on the device, at most.
final class StagingPool {
    // A burst of short writes is one batch in one piece, which a device writes as it stands.
    private static final int CHUNK_BYTES = 256 << 10;

    private static final int KEPT_CHUNKS = 128;

    // With less in front of it a batch would soon be in two pieces.
    private static final int SMALLEST_REST = CHUNK_BYTES / 8;

    private final ArrayDeque<Chunk> free = new ArrayDeque<>();
    private @Nullable Chunk rest;
    private int held;
    private int mostHeld;
    private int made;

    /// Part of a chunk, for one batch.
    final class Piece {
        private final Chunk chunk;
        private final int from;

        /// What it holds: whole blocks, aligned, of unknown content at first.
        final ByteBuffer bytes;

        private Piece(Chunk chunk) {
            this.chunk = chunk;
            this.from = chunk.used;
            this.bytes = chunk.memory.slice(from, CHUNK_BYTES - from);
            chunk.used = CHUNK_BYTES;
            chunk.users++;
        }

        /// Where the byte at `index` of it stands.
        Appended place(int index, int length) {
            return new Appended(chunk, from + index, length);
        }

        /// Nothing is put behind the position of [#bytes], which is at the end of a block.
        void close() {
            if (chunk.holds > 0 && CHUNK_BYTES - from - bytes.position() >= SMALLEST_REST) {
                chunk.used = from + bytes.position();
                replaceRest(chunk);
            }
        }

        /// The batch is done with.
        void give() {
            chunk.users--;
            chunk.ended();
        }
    }

    private final class Chunk implements HeldMemory {
        private final ByteBuffer memory;
        private int used;
        private int users;
        private int holds;

        private Chunk() {
            ByteBuffer all = ByteBuffer.allocateDirect(CHUNK_BYTES + Blocks.SIZE);
            memory = all.alignedSlice(Blocks.SIZE).limit(CHUNK_BYTES).slice();
            made++;
        }

        @Override
        public void hold() {
            Check.that(users > 0, "what is held is in a batch still");
            if (holds++ == 0) {
                held++;
                mostHeld = Math.max(mostHeld, held);
            }
        }

        @Override
        public void giveBack() {
            holds--;
            Check.that(holds >= 0, "a hold is given back once");
            if (holds == 0) {
                held--;
            }
            ended();
        }

        @Override
        public ByteBuffer view(int at, int length) {
            return memory.slice(at, length);
        }

        private void ended() {
            if (users == 0 && holds == 0 && this != rest) {
                used = 0;
                if (free.size() < KEPT_CHUNKS + mostHeld) {
                    // Last in, first out: the warm chunk is taken next.
                    free.push(this);
                }
            }
        }
    }

    /// The caller owns it until [Piece#give].
    Piece take() {
        Chunk chunk = rest == null ? free.poll() : rest;
        rest = null;
        return new Piece(chunk == null ? new Chunk() : chunk);
    }

    /// Somebody who held much does so no more: what is kept beyond the usual goes, to be made again
    /// where others still need it.
    void trim() {
        mostHeld = 0;
        while (free.size() > KEPT_CHUNKS) {
            free.removeLast();
        }
    }

    /// Bytes of all chunks that were ever made.
    long madeBytes() {
        return (long) made * CHUNK_BYTES;
    }

    private void replaceRest(Chunk next) {
        Chunk before = rest;
        rest = next;
        if (before != null) {
            before.ended();
        }
    }
}
