package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.block.BlockSource;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;

/// Tree and map blocks that a mirror wrote lately, in memory: the next consistency point mostly
/// changes the same ones, and each change needs the block it starts from. The oldest go first.
///
/// A block is known by VBN and checksum, which is what a change names, so one whose VBN was used
/// again is not mistaken for it; [lockstep.blockstore.block.BlockCache] goes by births, which a
/// change does not name, and gives blocks to look at, not to keep. Buffers come from and go back to
/// the copy's pool; what is in here belongs to this.
final class BaseBlocks {
    private record Base(int crc, ByteBuffer block) {}

    private final LinkedHashMap<Long, Base> blocks = new LinkedHashMap<>();
    private final BlockPool pool;
    private final long capacity;

    /// Keeps at most `capacity` blocks.
    BaseBlocks(BlockPool pool, long capacity) {
        this.pool = pool;
        this.capacity = capacity;
    }

    /// Gives `block`, which stands at `vbn` with checksum `crc`, into this one's hands.
    void keep(long vbn, int crc, ByteBuffer block) {
        Base before = blocks.putLast(vbn, new Base(crc, block));
        if (before != null) {
            pool.give(before.block);
        }
        if (blocks.size() > capacity) {
            pool.give(blocks.pollFirstEntry().getValue().block);
        }
    }

    /// What is in `space`, read from here where it is here.
    BlockSource above(BlockSource space) {
        return new BlockSource() {
            @Override
            public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
                Base found = blocks.get(vbn);
                if (found != null && found.crc == crc) {
                    into.put(0, found.block, 0, Blocks.SIZE);
                    done.ended(true);
                } else {
                    space.read(vbn, crc, into, done);
                }
            }

            @Override
            public void readRun(
                    long vbn, int[] crcs, List<ByteBuffer> into, BlockSource.RunHandler done) {
                space.readRun(vbn, crcs, into, done);
            }
        };
    }

    /// The block at `vbn` with checksum `crc`, which is the caller's from here on: to become what
    /// follows it. Null if it is not here.
    @Nullable ByteBuffer take(long vbn, int crc) {
        Base found = blocks.remove(vbn);
        if (found == null) {
            return null;
        }
        if (found.crc != crc) {
            pool.give(found.block);
            return null;
        }
        return found.block;
    }
}
