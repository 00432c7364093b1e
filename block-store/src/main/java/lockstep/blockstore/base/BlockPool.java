package lockstep.blockstore.base;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Direct buffers of one block each, cut from slabs of up to 1 MiB and used again. Whoever takes
/// one gives it back, once. Belongs to one loop.
public final class BlockPool {
    private static final int SLAB_BLOCKS_MAX = 256;

    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
    private int slabBlocks = 16;
    private long taken;

    /// A block with position 0, limit 4096 and any content.
    public ByteBuffer take() {
        if (free.isEmpty()) {
            cutSlab();
        }
        taken++;
        return free.pop().clear();
    }

    /// A block of zeros.
    public ByteBuffer takeZeroed() {
        ByteBuffer block = take();
        clear(block);
        return block;
    }

    /// Takes `block` back; the caller forgets it.
    public void give(ByteBuffer block) {
        Check.that(block.capacity() == Blocks.SIZE, "only blocks come back to the pool");
        taken--;
        Check.that(taken >= 0, "no block comes back twice");
        free.push(block);
    }

    /// Blocks that are out.
    public long taken() {
        return taken;
    }

    /// Overwrites `block` with zeros.
    public static void clear(ByteBuffer block) {
        for (int at = 0; at < Blocks.SIZE; at += Long.BYTES) {
            block.putLong(at, 0);
        }
    }

    /// Each slab is twice the one before, so that a small volume takes little.
    private void cutSlab() {
        ByteBuffer slab = ByteBuffer.allocateDirect(slabBlocks * Blocks.SIZE);
        for (int i = 0; i < slabBlocks; i++) {
            free.push(slab.slice(i * Blocks.SIZE, Blocks.SIZE));
        }
        slabBlocks = Math.min(2 * slabBlocks, SLAB_BLOCKS_MAX);
    }
}
