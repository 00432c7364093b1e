package lockstep.blockstore.tree;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Walks two versions of one tree side by side and visits each place at which they differ, nodes
/// before what they point at. What both share is skipped with all below it, so the cost is that of
/// the difference. Either version may be higher than the other, or empty.
public final class TreePair {
    /// Which places are visited.
    public enum Look {
        /// All where the pointers differ.
        DIFFERENT,
        /// Of those, where the newer version has something that was born after a given consistency
        /// point.
        BORN
    }

    /// Takes one visited place.
    public interface Visitor {
        /// A node (`level` 0 and up, `index` within the level) or data (`level` -1, `index` the
        /// block's index in the file) is `before` in one version and `after` in the other; either
        /// may be a hole.
        void place(int level, long index, BlockPointer before, BlockPointer after);

        /// There is no more.
        void ended();

        /// A node cannot be read; the walk is over.
        void lost(BlockPointer pointer);
    }

    private static final class Frame {
        final @Nullable ByteBuffer before;
        final @Nullable ByteBuffer after;
        final int level;
        final long index;
        int slot;

        Frame(@Nullable ByteBuffer before, @Nullable ByteBuffer after, int level, long index) {
            this.before = before;
            this.after = after;
            this.level = level;
            this.index = index;
        }
    }

    private final TreeRoot before;
    private final TreeRoot after;
    private final Look look;
    private final CpId since;
    private final long cursor;
    private final BlockReader reader;
    private final BlockPool pool;
    private final ArrayDeque<Frame> frames = new ArrayDeque<>();
    private final int levels;
    private long at;
    private boolean begun;

    /// Compares `before` with `after` from block `cursor` on; both stay readable until the walk has
    /// ended or is closed.
    public TreePair(
            TreeRoot before, TreeRoot after, long cursor, BlockReader reader, BlockPool pool) {
        this(before, after, Look.DIFFERENT, CpId.NONE, cursor, reader, pool);
    }

    /// Looks at what of `after`, from block `cursor` on, was born after `since`. What of `before`
    /// cannot be read counts as holes.
    public TreePair(
            TreeRoot before,
            TreeRoot after,
            CpId since,
            long cursor,
            BlockReader reader,
            BlockPool pool) {
        this(before, after, Look.BORN, since, cursor, reader, pool);
    }

    private TreePair(
            TreeRoot before,
            TreeRoot after,
            Look look,
            CpId since,
            long cursor,
            BlockReader reader,
            BlockPool pool) {
        this.before = before;
        this.after = after;
        this.look = look;
        this.since = since;
        this.cursor = cursor;
        this.reader = reader;
        this.pool = pool;
        this.levels = Math.max(before.levels(), after.levels());
    }

    /// Blocks of the file that lie behind the walk: all before this index.
    public long at() {
        return at;
    }

    /// Visits one more place, or ends. One call under way at a time; the visitor may be called
    /// inside it.
    public void next(Visitor visitor) {
        if (!begun) {
            begun = true;
            BlockPointer old = at(before, levels - 1, 0);
            BlockPointer now = at(after, levels - 1, 0);
            if (isWanted(old, now) || leadsToTop(levels - 1, 0)) {
                enter(old, now, levels - 1, 0, visitor);
                return;
            }
        }
        while (!frames.isEmpty()) {
            Frame frame = frames.peek();
            if (frame.slot == PointerBlock.FANOUT) {
                give(frames.pop());
                continue;
            }
            int slot = frame.slot++;
            long index = frame.index * PointerBlock.FANOUT + slot;
            BlockPointer old = child(frame.before, slot, before, frame.level, index);
            BlockPointer now = child(frame.after, slot, after, frame.level, index);
            boolean wanted = isWanted(old, now) || leadsToTop(frame.level - 1, index);
            if (wanted && (index + 1) * TreeRoot.span(frame.level) > cursor) {
                at = index * TreeRoot.span(frame.level);
                if (frame.level == 0) {
                    visitor.place(-1, index, old, now);
                } else {
                    enter(old, now, frame.level - 1, index, visitor);
                }
                return;
            }
        }
        visitor.ended();
    }

    /// Gives up what an unfinished walk holds.
    public void close() {
        while (!frames.isEmpty()) {
            give(frames.pop());
        }
    }

    private boolean isWanted(BlockPointer old, BlockPointer now) {
        return switch (look) {
            case DIFFERENT -> !old.equals(now);
            case BORN -> !now.isHole() && now.bornAfter(since);
        };
    }

    // Above its top the lower version has nothing that could be compared, and all of it below.
    private boolean leadsToTop(int level, long index) {
        if (index != 0) {
            return false;
        }
        boolean ofBefore = level >= before.levels() && isWanted(before.top(), BlockPointer.HOLE);
        boolean ofAfter = level >= after.levels() && isWanted(BlockPointer.HOLE, after.top());
        return ofBefore || ofAfter;
    }

    private static BlockPointer at(TreeRoot root, int level, long index) {
        return level == root.levels() - 1 && index == 0 ? root.top() : BlockPointer.HOLE;
    }

    private static BlockPointer child(
            @Nullable ByteBuffer node, int slot, TreeRoot root, int level, long index) {
        return node == null ? at(root, level - 1, index) : PointerBlock.get(node, slot);
    }

    private void enter(BlockPointer old, BlockPointer now, int level, long index, Visitor visitor) {
        load(
                old,
                before,
                level,
                index,
                oldNode -> {
                    if (oldNode == null && old.isAllocated() && look == Look.DIFFERENT) {
                        visitor.lost(old);
                        return;
                    }
                    load(
                            now,
                            after,
                            level,
                            index,
                            nowNode -> {
                                if (nowNode == null && now.isAllocated()) {
                                    if (oldNode != null) {
                                        pool.give(oldNode);
                                    }
                                    visitor.lost(now);
                                    return;
                                }
                                frames.push(new Frame(oldNode, nowNode, level, index));
                                BlockPointer held = oldNode == null ? BlockPointer.HOLE : old;
                                if (isWanted(held, now)) {
                                    visitor.place(level, index, held, now);
                                } else {
                                    next(visitor);
                                }
                            });
                });
    }

    private interface Loaded {
        void node(@Nullable ByteBuffer owned);
    }

    private void load(BlockPointer pointer, TreeRoot root, int level, long index, Loaded done) {
        if (!pointer.isAllocated()) {
            done.node(null);
            return;
        }
        reader.read(
                pointer,
                block -> {
                    ByteBuffer copy = null;
                    if (block != null && PointerBlock.isNode(block, level, root.tree(), index)) {
                        copy = pool.take();
                        copy.put(0, block, 0, copy.capacity());
                    }
                    done.node(copy);
                });
    }

    private void give(Frame frame) {
        ByteBuffer old = frame.before;
        ByteBuffer now = frame.after;
        if (old != null) {
            pool.give(old);
        }
        if (now != null) {
            pool.give(now);
        }
    }
}
