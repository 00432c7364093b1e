package lockstep.blockstore.block;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;

import lockstep.blockstore.base.BlockPool;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Verified blocks in memory, off the heap. The key is (VBN, birth): a VBN that is used again has
/// another birth, so nothing in here ever goes stale and nothing is ever invalidated.
///
/// Everything happens inside the call, on the volume's loop: a buffer that a look-up gave is good
/// until the next call of this class, no longer.
public final class BlockCache {
    private record Key(long vbn, int birthEpoch, long birthCount) {}

    private final Cache<Key, ByteBuffer> blocks;
    private final BlockPool pool;
    private long hits;
    private long misses;

    /// A cache of at most `capacity` blocks, taken from and returned to `pool`.
    public BlockCache(long capacity, BlockPool pool) {
        this.pool = pool;
        this.blocks =
                Caffeine.newBuilder()
                        .maximumSize(capacity)
                        .executor(Runnable::run)
                        .removalListener(this::removed)
                        .build();
    }

    /// The block that `pointer` names, if it is here. Borrowed: do not change it, do not keep it.
    public @Nullable ByteBuffer find(BlockPointer pointer) {
        ByteBuffer block = blocks.getIfPresent(key(pointer));
        if (block == null) {
            misses++;
        } else {
            hits++;
        }
        return block;
    }

    /// Keeps `block`, whose content is what `pointer` names; the cache owns the buffer from here
    /// on.
    public void keep(BlockPointer pointer, ByteBuffer block) {
        blocks.put(key(pointer), block);
    }

    /// Look-ups that found their block.
    public long hits() {
        return hits;
    }

    /// Look-ups that did not.
    public long misses() {
        return misses;
    }

    private static Key key(BlockPointer pointer) {
        return new Key(pointer.vbn(), pointer.birthEpoch(), pointer.birthCount());
    }

    private void removed(@Nullable Key key, @Nullable ByteBuffer block, RemovalCause cause) {
        if (block != null) {
            pool.give(block);
        }
    }
}
