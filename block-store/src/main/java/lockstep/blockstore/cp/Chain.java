package lockstep.blockstore.cp;

import lockstep.blockstore.block.BlockPointer;

import java.nio.ByteBuffer;
import java.util.List;

/// Blocks of the [DeathFile] that are linked, each to the next: `first` and `last` are their
/// indices, `blocks` is how many dead blocks they list. Two chains are joined by writing one block,
/// whatever they hold. A block of a chain:
///
/// ```
/// | magic (2) | 1 (2) | count (4) | next index, -1: none (8) | entry ... |
/// entry: | vbn (8) | birth epoch (4) | birth count (8) |
/// ```
record Chain(long first, long last, long blocks) {
    static final Chain EMPTY = new Chain(-1, -1, 0);
    static final int BYTES = 24;
    static final int ENTRIES_PER_BLOCK = 204;

    static final short MAGIC = 0x4C44;
    private static final short KIND = 1;
    private static final int COUNT_AT = 4;
    private static final int NEXT_AT = 8;
    private static final int ENTRIES_AT = 16;
    private static final int ENTRY = 20;

    boolean isEmpty() {
        return first < 0;
    }

    /// This chain and `behind` as one; this one's last block is in memory.
    Chain joined(Chain behind, DeathFile file) {
        if (isEmpty()) {
            return behind;
        }
        if (behind.isEmpty()) {
            return this;
        }
        file.change(last).putLong(NEXT_AT, behind.first);
        return new Chain(first, behind.last, blocks + behind.blocks);
    }

    /// This chain with `dead` in front. If its first block has room, that is in memory. How full
    /// its first block is then, [#filledAfter] tells.
    Chain with(List<BlockPointer> dead, int filled, DeathFile file) {
        Chain grown = this;
        int room = isEmpty() ? 0 : ENTRIES_PER_BLOCK - filled;
        int at = Math.min(room, dead.size());
        if (at > 0) {
            put(file.change(first), filled, dead.subList(0, at));
        }
        while (at < dead.size()) {
            int count = Math.min(ENTRIES_PER_BLOCK, dead.size() - at);
            long index = file.add();
            ByteBuffer block = file.change(index);
            block.putShort(0, MAGIC).putShort(2, KIND).putLong(NEXT_AT, grown.first);
            put(block, 0, dead.subList(at, at + count));
            grown = new Chain(index, grown.isEmpty() ? index : grown.last, grown.blocks);
            at += count;
        }
        return new Chain(grown.first, grown.last, blocks + dead.size());
    }

    /// How full the first block is after [#with].
    static int filledAfter(boolean empty, int filled, int added) {
        int room = empty ? 0 : ENTRIES_PER_BLOCK - filled;
        return added <= room ? filled + added : (added - room - 1) % ENTRIES_PER_BLOCK + 1;
    }

    private static void put(ByteBuffer block, int from, List<BlockPointer> dead) {
        int at = ENTRIES_AT + from * ENTRY;
        for (BlockPointer pointer : dead) {
            block.putLong(at, pointer.vbn()).putInt(at + 8, pointer.birthEpoch());
            block.putLong(at + 12, pointer.birthCount());
            at += ENTRY;
        }
        block.putInt(COUNT_AT, from + dead.size());
    }

    /// Whether `block` is one of a chain.
    static boolean isBlock(ByteBuffer block) {
        int count = block.getInt(COUNT_AT);
        return block.getShort(0) == MAGIC
                && block.getShort(2) == KIND
                && count > 0
                && count <= ENTRIES_PER_BLOCK;
    }

    static int count(ByteBuffer block) {
        return block.getInt(COUNT_AT);
    }

    static long next(ByteBuffer block) {
        return block.getLong(NEXT_AT);
    }

    /// Entry `i` of a block; it has no checksum.
    static BlockPointer entry(ByteBuffer block, int i) {
        int at = ENTRIES_AT + i * ENTRY;
        return new BlockPointer(block.getLong(at), 0, block.getInt(at + 8), block.getLong(at + 12));
    }

    /// What is left once the first block, which lists `count`, is dropped.
    Chain withoutFirst(long next, int count) {
        return next < 0 ? EMPTY : new Chain(next, last, blocks - count);
    }

    void put(ByteBuffer out) {
        out.putLong(first).putLong(last).putLong(blocks);
    }

    static Chain get(ByteBuffer in) {
        return new Chain(in.getLong(), in.getLong(), in.getLong());
    }
}
