package lockstep.blockstore.block;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;

import lockstep.blockstore.base.BlockPool;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Verified blocks in memory, off the heap. What is found is of the VBN and of the birth that were
/// asked for: a VBN that is used again has another birth, so nothing in here ever goes stale. A
/// block that was freed is of no use to anybody, and leaves at once ([#freed]): what is written
/// anew has been asked for less often than it was, and would not get its place.
///
/// Nodes of trees and blocks of system files ([Kind#NODE]) have a part of their own. There are few,
/// and each consistency point needs all above what it changes; the data that it puts here at the
/// same time would drive them out.
///
/// Everything happens inside the call, on the volume's loop: a buffer that a look-up gave is good
/// until the next call of this class, no longer.
public final class BlockCache {
    /// What a block is to those who look for it.
    public enum Kind {
        /// A node of a tree, or a block of a system file.
        NODE,
        /// A host's data.
        DATA
    }

    private record Kept(int birthEpoch, long birthCount, ByteBuffer block) {
        boolean isOf(BlockPointer pointer) {
            return birthCount == pointer.birthCount() && birthEpoch == pointer.birthEpoch();
        }
    }

    private final Cache<Long, Kept> nodes;
    private final Cache<Long, Kept> data;
    private final BlockPool pool;
    private long hits;
    private long misses;

    /// A cache of at most so many blocks of each kind, taken from and returned to `pool`.
    public BlockCache(long nodes, long data, BlockPool pool) {
        this.pool = pool;
        this.nodes = cache(nodes);
        this.data = cache(data);
    }

    private Cache<Long, Kept> cache(long capacity) {
        return Caffeine.newBuilder()
                .maximumSize(capacity)
                .executor(Runnable::run)
                .removalListener(this::removed)
                .build();
    }

    /// The block that `pointer` names, if it is here. Borrowed: do not change it, do not keep it.
    public @Nullable ByteBuffer find(Kind kind, BlockPointer pointer) {
        Kept kept = of(kind).getIfPresent(pointer.vbn());
        if (kept == null || !kept.isOf(pointer)) {
            misses++;
            return null;
        }
        hits++;
        return kept.block();
    }

    /// Keeps `block`, whose content is what `pointer` names; the cache owns the buffer from here
    /// on.
    public void keep(Kind kind, BlockPointer pointer, ByteBuffer block) {
        Kept kept = new Kept(pointer.birthEpoch(), pointer.birthCount(), block);
        of(kind).put(pointer.vbn(), kept);
    }

    /// What `vbn` held is used no more.
    public void freed(long vbn) {
        nodes.invalidate(vbn);
        data.invalidate(vbn);
    }

    /// Look-ups that found their block.
    public long hits() {
        return hits;
    }

    /// Look-ups that did not.
    public long misses() {
        return misses;
    }

    private Cache<Long, Kept> of(Kind kind) {
        return switch (kind) {
            case NODE -> nodes;
            case DATA -> data;
        };
    }

    private void removed(@Nullable Long vbn, @Nullable Kept kept, RemovalCause cause) {
        if (kept != null) {
            pool.give(kept.block());
        }
    }
}
