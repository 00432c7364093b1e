package lockstep.blockstore.tree;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Visits every block of a tree that was born after a given consistency point: nodes before what
/// they point at. Because a change copies all nodes above it, a node born before has nothing newer
/// below, so the cost is that of the difference. With [CpId#NONE] it visits the whole tree.
public final class TreeWalk {
    /// Takes one visited pointer.
    public interface Visitor {
        /// A block of the tree: a node (`level` 0 and up, `index` within the level) or data
        /// (`level` -1, `index` the block's index in the file).
        void block(BlockPointer pointer, int level, long index);

        /// There is no more.
        void ended();

        /// A node cannot be read; the walk is over.
        void lost(BlockPointer pointer);
    }

    private static final class Frame {
        final ByteBuffer node;
        final int level;
        final long index;
        int slot;

        Frame(ByteBuffer node, int level, long index) {
            this.node = node;
            this.level = level;
            this.index = index;
        }
    }

    private final TreeRoot root;
    private final CpId since;
    private final long cursor;
    private final BlockReader reader;
    private final BlockPool pool;
    private final ArrayDeque<Frame> frames = new ArrayDeque<>();
    private boolean begun;

    /// Walks the tree at `root`, which stays readable until the walk has ended or is closed.
    public TreeWalk(TreeRoot root, CpId since, BlockReader reader, BlockPool pool) {
        this(root, since, 0, reader, pool);
    }

    /// As the other one, without what lies wholly before block `cursor`: that a [TreeDrain] has
    /// taken apart.
    public TreeWalk(TreeRoot root, CpId since, long cursor, BlockReader reader, BlockPool pool) {
        this.root = root;
        this.since = since;
        this.cursor = cursor;
        this.reader = reader;
        this.pool = pool;
    }

    /// Visits one more block, or ends. One call under way at a time; the visitor may be called
    /// inside it.
    public void next(Visitor visitor) {
        if (!begun) {
            begun = true;
            if (isWanted(root.top())) {
                enter(root.top(), root.levels() - 1, 0, visitor);
                return;
            }
        }
        while (!frames.isEmpty()) {
            Frame frame = frames.peek();
            if (frame.slot == PointerBlock.FANOUT) {
                pool.give(frames.pop().node);
                continue;
            }
            int slot = frame.slot++;
            BlockPointer pointer = PointerBlock.get(frame.node, slot);
            long index = frame.index * PointerBlock.FANOUT + slot;
            if (isWanted(pointer) && (index + 1) * TreeRoot.span(frame.level) > cursor) {
                if (frame.level == 0) {
                    visitor.block(pointer, -1, index);
                } else {
                    enter(pointer, frame.level - 1, index, visitor);
                }
                return;
            }
        }
        visitor.ended();
    }

    /// Gives up what an unfinished walk holds.
    public void close() {
        while (!frames.isEmpty()) {
            pool.give(frames.pop().node);
        }
    }

    private boolean isWanted(BlockPointer pointer) {
        return !pointer.isHole() && pointer.bornAfter(since);
    }

    private void enter(BlockPointer pointer, int level, long index, Visitor visitor) {
        reader.read(pointer, block -> entered(pointer, level, index, block, visitor));
    }

    private void entered(
            BlockPointer pointer,
            int level,
            long index,
            @Nullable ByteBuffer block,
            Visitor visitor) {
        if (block == null || !PointerBlock.isNode(block, level, root.tree(), index)) {
            visitor.lost(pointer);
            return;
        }
        ByteBuffer copy = pool.take();
        copy.put(0, block, 0, copy.capacity());
        frames.push(new Frame(copy, level, index));
        visitor.block(pointer, level, index);
    }
}
