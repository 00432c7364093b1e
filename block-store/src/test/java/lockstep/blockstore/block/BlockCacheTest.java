package lockstep.blockstore.block;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.block.BlockCache.Kind;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Objects;

class BlockCacheTest {
    private static final int NODES = 64;
    private static final int DATA = 256;

    private final BlockPool pool = new BlockPool();
    private final BlockCache cache = new BlockCache(NODES, DATA, pool);

    private static BlockPointer at(long vbn, long birth) {
        return BlockPointer.to(vbn, 0, new CpId(new Epoch(1, 7), birth));
    }

    private void keep(Kind kind, BlockPointer pointer) {
        ByteBuffer block = pool.take();
        block.putLong(0, pointer.vbn()).putLong(8, pointer.birthCount());
        cache.keep(kind, pointer, block);
    }

    private boolean has(Kind kind, BlockPointer pointer) {
        ByteBuffer found = cache.find(kind, pointer);
        if (found != null) {
            assertThat(found.getLong(0)).isEqualTo(pointer.vbn());
            assertThat(found.getLong(8)).isEqualTo(pointer.birthCount());
        }
        return found != null;
    }

    @Test
    void aBlockOfAnotherBirthIsNotFound() {
        keep(Kind.DATA, at(5, 1));
        assertThat(has(Kind.DATA, at(5, 2))).isFalse();
        keep(Kind.DATA, at(5, 2));
        assertThat(has(Kind.DATA, at(5, 2))).isTrue();
        assertThat(has(Kind.DATA, at(5, 1))).isFalse();
        assertThat(pool.taken()).isEqualTo(1);
        assertThat(cache.hits()).isEqualTo(1);
        assertThat(cache.misses()).isEqualTo(2);
    }

    @Test
    void whatIsFreedGivesItsMemoryBack() {
        keep(Kind.DATA, at(5, 1));
        keep(Kind.NODE, at(6, 1));
        cache.freed(5);
        cache.freed(6);
        cache.freed(7);
        assertThat(has(Kind.DATA, at(5, 1))).isFalse();
        assertThat(has(Kind.NODE, at(6, 1))).isFalse();
        assertThat(pool.taken()).isZero();
    }

    /// As consistency points do: each writes new versions of some nodes and much more data, and the
    /// next one needs these nodes.
    @Test
    void nodesOutliveAFloodOfData() {
        int kept = NODES / 4;
        long vbn = 1000;
        for (long cp = 1; cp <= 20; cp++) {
            for (int i = 0; i < kept; i++) {
                long before = cp - 1;
                if (before > 0) {
                    assertThat(has(Kind.NODE, at(i + before % 2 * kept, before)))
                            .as("node %d of consistency point %d", i, before)
                            .isTrue();
                }
                cache.freed(i + cp % 2 * kept);
                keep(Kind.NODE, at(i + cp % 2 * kept, cp));
            }
            for (int i = 0; i < 2 * DATA; i++) {
                keep(Kind.DATA, at(vbn++, cp));
            }
        }
        assertThat(pool.taken()).isBetween((long) kept, (long) NODES + DATA);
    }

    @Test
    void aCacheWithoutRoomKeepsNothing() {
        BlockCache none = new BlockCache(0, 0, pool);
        none.keep(Kind.NODE, at(1, 1), Objects.requireNonNull(pool.take()));
        assertThat(none.find(Kind.NODE, at(1, 1))).isNull();
        assertThat(pool.taken()).isZero();
    }
}
