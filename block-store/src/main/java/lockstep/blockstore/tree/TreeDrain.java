package lockstep.blockstore.tree;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.io.EventLoop;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/// Takes a tree apart that nothing reaches any more, from left to right, as much of it at a time as
/// is asked for: a node goes after everything below it, so that what is left can still be walked. A
/// cursor says where to go on: everything that lies wholly before it is gone.
///
/// Only what was born after a given consistency point goes; what is older, and all below it, is
/// somebody else's.
public final class TreeDrain {
    /// The cursor of a tree of which nothing is left.
    public static final long DONE = -1;

    /// A node to be read counts as so many blocks.
    private static final int NODE_COST = 16;

    private static final int STEPS_PER_SLICE = 256;

    /// Takes the end.
    public interface End {
        /// `cursor` is where to go on, or [#DONE]; `left` of the budget was not used.
        void ended(long cursor, long left);
    }

    private static final class Frame {
        final BlockPointer pointer;
        final ByteBuffer node;
        final int level;
        final long index;
        int slot;

        Frame(BlockPointer pointer, ByteBuffer node, int level, long index) {
            this.pointer = pointer;
            this.node = node;
            this.level = level;
            this.index = index;
        }
    }

    private final TreeRoot root;
    private final CpId since;
    private final BlockReader reader;
    private final BlockPool pool;
    private final EventLoop loop;
    private final ArrayDeque<Frame> frames = new ArrayDeque<>();
    private long cursor;
    private long budget;

    /// Goes on at `cursor` with the tree at `root`, whose blocks born after `since` go.
    public TreeDrain(
            TreeRoot root,
            CpId since,
            long cursor,
            BlockReader reader,
            BlockPool pool,
            EventLoop loop) {
        this.root = root;
        this.since = since;
        this.cursor = cursor;
        this.reader = reader;
        this.pool = pool;
        this.loop = loop;
    }

    /// Tells `died` of about `blocks` blocks, then `end`. A node that no disk can give goes alone:
    /// what is below it cannot be found, and stays used for good.
    public void run(long blocks, Consumer<BlockPointer> died, End end) {
        budget = blocks;
        if (root.top().isAllocated() && root.top().bornAfter(since)) {
            enter(root.top(), root.levels() - 1, 0, died, end);
        } else {
            end.ended(DONE, budget);
        }
    }

    private void goOn(Consumer<BlockPointer> died, End end) {
        for (int i = 0; i < STEPS_PER_SLICE; i++) {
            Frame frame = frames.peek();
            if (frame == null) {
                end.ended(DONE, budget);
                return;
            }
            if (frame.slot == PointerBlock.FANOUT) {
                leave(died);
                continue;
            }
            // Not before: a node that lies wholly before the cursor counts as gone.
            if (budget <= 0) {
                close();
                end.ended(cursor, 0);
                return;
            }
            if (!step(frame, died, end)) {
                return;
            }
        }
        loop.execute(() -> goOn(died, end));
    }

    /// Looks at the next pointer of a node. False: a node is being read, and it goes on from there.
    private boolean step(Frame frame, Consumer<BlockPointer> died, End end) {
        long index = frame.index * PointerBlock.FANOUT + frame.slot;
        BlockPointer pointer = PointerBlock.get(frame.node, frame.slot++);
        long behind = (index + 1) * TreeRoot.span(frame.level);
        if (behind <= cursor || !pointer.isAllocated() || !pointer.bornAfter(since)) {
            return true;
        }
        if (frame.level == 0) {
            die(pointer, behind, died);
            return true;
        }
        enter(pointer, frame.level - 1, index, died, end);
        return false;
    }

    private void die(BlockPointer pointer, long behind, Consumer<BlockPointer> died) {
        died.accept(pointer);
        cursor = behind;
        budget--;
    }

    private void leave(Consumer<BlockPointer> died) {
        Frame frame = frames.pop();
        pool.give(frame.node);
        die(frame.pointer, (frame.index + 1) * TreeRoot.span(frame.level + 1), died);
    }

    private void enter(
            BlockPointer pointer, int level, long index, Consumer<BlockPointer> died, End end) {
        budget -= NODE_COST;
        reader.read(
                pointer,
                block -> {
                    if (block == null) {
                        // Once more: giving it up costs all the space below it, for good.
                        loop.execute(() -> enterOrGiveUp(pointer, level, index, died, end));
                        return;
                    }
                    entered(pointer, level, index, block, died);
                    loop.execute(() -> goOn(died, end));
                });
    }

    private void enterOrGiveUp(
            BlockPointer pointer, int level, long index, Consumer<BlockPointer> died, End end) {
        reader.read(
                pointer,
                block -> {
                    entered(pointer, level, index, block, died);
                    loop.execute(() -> goOn(died, end));
                });
    }

    private void entered(
            BlockPointer pointer,
            int level,
            long index,
            @Nullable ByteBuffer block,
            Consumer<BlockPointer> died) {
        if (block == null || !PointerBlock.isNode(block, level, root.tree(), index)) {
            die(pointer, (index + 1) * TreeRoot.span(level + 1), died);
            return;
        }
        ByteBuffer copy = pool.take();
        copy.put(0, block, 0, copy.capacity());
        frames.push(new Frame(pointer, copy, level, index));
    }

    private void close() {
        while (!frames.isEmpty()) {
            pool.give(frames.pop().node);
        }
    }
}
