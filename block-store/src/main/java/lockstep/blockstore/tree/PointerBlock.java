package lockstep.blockstore.tree;

import lockstep.blockstore.block.BlockPatch;
import lockstep.blockstore.block.BlockPointer;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.BitSet;

/// The format of a tree block: a header that says which node this is, then 170 pointers.
///
/// ```
/// 0        2         3        4       8        16                       4096
/// | magic  | version | level  | tree  | index  | pointer 0 … pointer 169 |
/// ```
///
/// `level` 0 points at data. `tree` is the LUN number or a system file's number; `index` counts the
/// nodes of a level from the left. The identity catches a block that is whole but is not the one
/// asked for.
final class PointerBlock {
    /// Pointers in a node.
    static final int FANOUT = 170;

    private static final short MAGIC = 0x4C54;
    private static final byte VERSION = 1;
    private static final int HEADER = 16;

    private PointerBlock() {}

    static void format(ByteBuffer block, int level, int tree, long index) {
        block.putShort(0, MAGIC).put(2, VERSION).put(3, (byte) level);
        block.putInt(4, tree).putLong(8, index);
    }

    /// Whether `block` is the node it is taken for.
    static boolean isNode(ByteBuffer block, int level, int tree, long index) {
        return block.getShort(0) == MAGIC
                && block.get(2) == VERSION
                && block.get(3) == (byte) level
                && block.getInt(4) == tree
                && block.getLong(8) == index;
    }

    /// The runs of `slots` of `content` as a [BlockPatch]; null if it is too long to be worth it.
    static @Nullable ByteBuffer patch(ByteBuffer content, BitSet slots) {
        int runs = 0;
        for (int from = slots.nextSetBit(0); from >= 0; runs++) {
            from = slots.nextSetBit(slots.nextClearBit(from));
        }
        int bytes = slots.cardinality() * BlockPointer.BYTES + runs * 4;
        if (bytes > BlockPatch.MAX_BYTES) {
            return null;
        }
        ByteBuffer out = ByteBuffer.allocate(bytes);
        for (int from = slots.nextSetBit(0); from >= 0; ) {
            int to = slots.nextClearBit(from);
            int length = (to - from) * BlockPointer.BYTES;
            BlockPatch.add(out, content, HEADER + from * BlockPointer.BYTES, length);
            from = slots.nextSetBit(to);
        }
        return out.flip();
    }

    static BlockPointer get(ByteBuffer block, int slot) {
        return BlockPointer.get(block, HEADER + slot * BlockPointer.BYTES);
    }

    static void put(ByteBuffer block, int slot, BlockPointer pointer) {
        pointer.put(block, HEADER + slot * BlockPointer.BYTES);
    }
}
