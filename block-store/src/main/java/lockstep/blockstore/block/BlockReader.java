package lockstep.blockstore.block;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Check;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Reads blocks by pointer: cache first, then the space below, which verifies the checksum and
/// heals.
public final class BlockReader {
    /// Takes a block, or null if it is lost. The buffer is borrowed for the call.
    @FunctionalInterface
    public interface BlockHandler {
        /// `borrowed` holds the 4096 bytes, or is null if no copy of them can be read.
        void ended(@Nullable ByteBuffer borrowed);
    }

    private final BlockSpace space;
    private final BlockCache cache;
    private final BlockPool pool;

    /// Reads from `space` through `cache`, both of one volume.
    public BlockReader(BlockSpace space, BlockCache cache, BlockPool pool) {
        this.space = space;
        this.cache = cache;
        this.pool = pool;
    }

    /// The block if it is in memory, borrowed until the next call; else null.
    public @Nullable ByteBuffer cached(BlockPointer pointer) {
        return cache.find(pointer);
    }

    /// Calls `done` with the block that `pointer` names, later or inside the call.
    public void read(BlockPointer pointer, BlockHandler done) {
        Check.that(pointer.isAllocated(), "only a pointer to a block is read");
        ByteBuffer known = cache.find(pointer);
        if (known != null) {
            done.ended(known);
            return;
        }
        ByteBuffer into = pool.take();
        space.read(
                pointer.vbn(),
                pointer.crc(),
                into,
                readable -> {
                    into.clear();
                    if (!readable) {
                        pool.give(into);
                        done.ended(null);
                        return;
                    }
                    // The handler sees the buffer before the cache may evict it again.
                    done.ended(into);
                    cache.keep(pointer, into);
                });
    }

    /// Puts a block that was just written into memory; the buffer changes hands.
    public void keep(BlockPointer pointer, ByteBuffer block) {
        cache.keep(pointer, block);
    }
}
