package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Direct, block-aligned memory in which batches wait for their commit. Chunks are used again; a
/// burst beyond what is kept goes back to the garbage collector.
final class StagingPool {
    // A burst of short writes is one batch in one piece, which a device writes as it stands.
    private static final int CHUNK_BYTES = 256 << 10;

    private static final int KEPT_CHUNKS = 128;

    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

    /// A chunk of unknown content; the caller owns it until [#give].
    ByteBuffer take() {
        ByteBuffer chunk = free.poll();
        if (chunk == null) {
            ByteBuffer memory = ByteBuffer.allocateDirect(CHUNK_BYTES + Blocks.SIZE);
            chunk = memory.alignedSlice(Blocks.SIZE).limit(CHUNK_BYTES).slice();
        }
        return chunk.clear();
    }

    void give(ByteBuffer chunk) {
        if (free.size() < KEPT_CHUNKS) {
            // Last in, first out: the warm chunk is taken next.
            free.push(chunk);
        }
    }
}
