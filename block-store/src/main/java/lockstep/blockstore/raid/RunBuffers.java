package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Memory for one disk's blocks of a run of stripes, used again and again, the latest first. Why:
/// memory that is new each time has to be zeroed, which was an eighth of the loop's time, and is
/// likely to be in no cache of the processor when the disk's bytes come.
///
/// Whoever takes one gives it back, once, when nothing of it is lent any more.
final class RunBuffers {
    // Some 12 MiB are kept; more may be out at once.
    private static final int KEPT = 48;
    private static final int BYTES = StripeChunk.MAXIMUM * Blocks.SIZE;

    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
    private int out;

    /// [StripeChunk#MAXIMUM] blocks of any content, on the heap.
    ByteBuffer take() {
        out++;
        return free.isEmpty() ? ByteBuffer.allocate(BYTES) : free.pop().clear();
    }

    void give(ByteBuffer buffer) {
        out--;
        Check.that(out >= 0 && buffer.capacity() == BYTES, "what was taken comes back");
        if (free.size() < KEPT) {
            free.push(buffer);
        }
    }
}
