package lockstep.blockstore.block;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.block.BlockCache.Kind;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Reads blocks by pointer: cache first, then the space below, which verifies the checksum and
/// heals; what that has lost comes from the other copy of the volume, if there is one to ask. Whose
/// name does not say that they are for data are for nodes ([BlockCache.Kind]).
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
    private final @Nullable BlockRescue rescue;

    /// Reads from `space` through `cache`, both of one volume; what is lost there is lost.
    public BlockReader(BlockSource space, BlockCache cache, BlockPool pool) {
        this(space, cache, pool, null);
    }

    /// The same, where `rescue` is tried for what is lost in `space`.
    public BlockReader(
            BlockSource space, BlockCache cache, BlockPool pool, @Nullable BlockRescue rescue) {
        this.space = space;
        this.cache = cache;
        this.pool = pool;
        this.rescue = rescue;
    }

    /// The block if it is in memory, borrowed until the next call; else null.
    public @Nullable ByteBuffer cached(BlockPointer pointer) {
        return cache.find(Kind.NODE, pointer);
    }

    /// As [#cached], for data.
    public @Nullable ByteBuffer cachedData(BlockPointer pointer) {
        return cache.find(Kind.DATA, pointer);
    }

    /// Calls `done` with the block that `pointer` names, later or inside the call.
    public void read(BlockPointer pointer, BlockHandler done) {
        read(Kind.NODE, pointer, done);
    }

    /// As [#read], for data.
    public void readData(BlockPointer pointer, BlockHandler done) {
        read(Kind.DATA, pointer, done);
    }

    private void read(Kind kind, BlockPointer pointer, BlockHandler done) {
        Check.that(pointer.isAllocated(), "only a pointer to a block is read");
        ByteBuffer known = cache.find(kind, pointer);
        if (known != null) {
            done.ended(known);
            return;
        }
        ByteBuffer into = pool.take();
        space.read(
                pointer.vbn(),
                pointer.crc(),
                into,
                readable -> arrived(kind, pointer, into, readable, BlockRescue.SOME_TREE, done));
    }

    private void arrived(
            Kind kind,
            BlockPointer pointer,
            ByteBuffer into,
            boolean readable,
            int tree,
            BlockHandler done) {
        into.clear();
        if (readable) {
            // The handler sees the buffer before the cache may evict it again.
            done.ended(into);
            cache.keep(kind, pointer, into);
        } else if (rescue == null) {
            pool.give(into);
            done.ended(null);
        } else {
            rescue.read(
                    pointer,
                    tree,
                    content -> {
                        if (content == null) {
                            pool.give(into);
                            done.ended(null);
                        } else {
                            into.put(0, content, content.position(), content.remaining());
                            done.ended(into);
                            cache.keep(kind, pointer, into);
                        }
                    });
        }
    }

    /// Takes the blocks of a run, one call each; those that are not rescued in order.
    @FunctionalInterface
    public interface RunHandler {
        /// As [BlockHandler#ended], for block `index` of the run.
        void ended(int index, @Nullable ByteBuffer borrowed);
    }

    /// Reads the data of `pointers[from]` to `pointers[to - 1]`, of which none is in memory and
    /// whose VBNs follow each other, with one request. They are of tree `tree`.
    public void readRun(BlockPointer[] pointers, int from, int to, int tree, RunHandler done) {
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
                        int index = i;
                        arrived(
                                Kind.DATA,
                                pointers[i],
                                into.get(i - from),
                                readable.get(i - from),
                                tree,
                                block -> done.ended(index, block));
                    }
                });
    }

    /// Puts a block that was just written into memory; the buffer changes hands.
    public void keep(Kind kind, BlockPointer pointer, ByteBuffer block) {
        cache.keep(kind, pointer, block);
    }

    /// What `vbn` held is used no more.
    public void freed(long vbn) {
        cache.freed(vbn);
    }
}
