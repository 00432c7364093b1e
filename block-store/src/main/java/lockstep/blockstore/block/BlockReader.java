package lockstep.blockstore.block;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Check;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Reads blocks by pointer: cache first, then the space below, which verifies the checksum and
/// heals.
public final class BlockReader {
    /// Takes a block, or null if it is lost. The buffer is borrowed for the call.
    @FunctionalInterface
    public interface BlockHandler {
        /// `borrowed` holds the 4096 bytes, or is null if no copy of them can be read.
        void ended(@Nullable ByteBuffer borrowed);
    }

    private final BlockSource space;
    private final BlockCache cache;
    private final BlockPool pool;

    /// Reads from `space` through `cache`, both of one volume.
    public BlockReader(BlockSource space, BlockCache cache, BlockPool pool) {
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

    /// Takes the blocks of a run, one call each, in order.
    @FunctionalInterface
    public interface RunHandler {
        /// As [BlockHandler#ended], for block `index` of the run.
        void ended(int index, @Nullable ByteBuffer borrowed);
    }

    /// Reads `pointers[from]` to `pointers[to - 1]`, of which none is in memory and whose VBNs
    /// follow each other, with one request.
    public void readRun(BlockPointer[] pointers, int from, int to, RunHandler done) {
        int[] crcs = new int[to - from];
        List<ByteBuffer> into = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            crcs[i - from] = pointers[i].crc();
            into.add(pool.take());
        }
        space.readRun(
                pointers[from].vbn(),
                crcs,
                into,
                readable -> {
                    for (int i = from; i < to; i++) {
                        arrived(pointers[i], into.get(i - from), readable.get(i - from), i, done);
                    }
                });
    }

    private void arrived(
            BlockPointer pointer, ByteBuffer block, boolean readable, int index, RunHandler done) {
        block.clear();
        if (readable) {
            done.ended(index, block);
            cache.keep(pointer, block);
        } else {
            pool.give(block);
            done.ended(index, null);
        }
    }

    /// Puts a block that was just written into memory; the buffer changes hands.
    public void keep(BlockPointer pointer, ByteBuffer block) {
        cache.keep(pointer, block);
    }
}
