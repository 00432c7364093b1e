package lockstep.blockstore.tree;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.block.BlockPointer;

import java.nio.ByteBuffer;

/// Where a tree begins. A tree of `levels` levels of nodes spans `170 ^ levels` blocks. 28 bytes on
/// disk: levels (4), then the pointer to the top node.
public record TreeRoot(int tree, int levels, BlockPointer top) {
    /// Bytes of a root on disk.
    public static final int BYTES = 4 + BlockPointer.BYTES;

    private static final int LEVELS_MAX = 6;

    public TreeRoot {
        Check.that(levels >= 1 && levels <= LEVELS_MAX, "a tree has one to six levels");
    }

    /// A tree of holes that spans at least `blocks` blocks.
    public static TreeRoot empty(int tree, long blocks) {
        return new TreeRoot(tree, levelsFor(blocks), BlockPointer.HOLE);
    }

    /// Reads the root of tree number `tree` at the buffer's position.
    public static TreeRoot get(int tree, ByteBuffer from) {
        int levels = from.getInt();
        BlockPointer top = BlockPointer.get(from, from.position());
        from.position(from.position() + BlockPointer.BYTES);
        return new TreeRoot(tree, levels, top);
    }

    /// Writes this root at the buffer's position.
    public void put(ByteBuffer to) {
        to.putInt(levels);
        top.put(to, to.position());
        to.position(to.position() + BlockPointer.BYTES);
    }

    /// Blocks that a tree of this height can map.
    public long span() {
        return span(levels);
    }

    static long span(int levels) {
        long span = 1;
        for (int i = 0; i < levels; i++) {
            span *= PointerBlock.FANOUT;
        }
        return span;
    }

    /// Levels that `blocks` blocks need.
    public static int levelsFor(long blocks) {
        int levels = 1;
        while (span(levels) < blocks) {
            levels++;
        }
        return levels;
    }
}
