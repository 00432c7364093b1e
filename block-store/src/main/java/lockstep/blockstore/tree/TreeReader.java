package lockstep.blockstore.tree;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// Looks pointers up in a committed tree. As long as the nodes are in memory it never leaves the
/// call.
public final class TreeReader {
    /// Takes the pointers of a run, or null if a node on the way is lost.
    @FunctionalInterface
    public interface RunHandler {
        /// `pointers[i]` is that of block `first + i`; holes included.
        void ended(BlockPointer @Nullable [] pointers);
    }

    private final BlockReader reader;

    /// Looks up through `reader`.
    public TreeReader(BlockReader reader) {
        this.reader = reader;
    }

    /// Finds the pointers of `count` blocks from `first`. Behind the end of the tree there are
    /// holes: it gets higher only with the next consistency point after its LUN has grown.
    public void find(TreeRoot root, long first, int count, RunHandler done) {
        Check.that(first >= 0, "a look-up stays inside its tree", first, count);
        new Run(root, first, new BlockPointer[count], done).resume();
    }

    private final class Run {
        private final TreeRoot root;
        private final long first;
        private final BlockPointer[] found;
        private final RunHandler done;
        private int filled;

        Run(TreeRoot root, long first, BlockPointer[] found, RunHandler done) {
            this.root = root;
            this.first = first;
            this.found = found;
            this.done = done;
        }

        /// Goes on until all is found, or a node has to be read first.
        void resume() {
            while (filled < found.length) {
                BlockPointer missing = descend();
                if (missing != null) {
                    reader.read(missing, this::arrived);
                    return;
                }
            }
            done.ended(found);
        }

        private void arrived(@Nullable ByteBuffer node) {
            if (node == null) {
                done.ended(null);
            } else {
                // The reader keeps the node after this call; look again when it has.
                fillFromArrived(node);
            }
        }

        /// A node just read is used at once, by value, so that a tiny cache cannot make this loop
        /// forever.
        private void fillFromArrived(ByteBuffer node) {
            long index = first + filled;
            BlockPointer pointer = follow(index, node);
            if (pointer == null) {
                done.ended(null);
            } else if (node.get(3) == 0) {
                copyLeaf(index, node);
                resume();
            } else if (pointer.isHole()) {
                fillHoles(index, node.get(3));
                resume();
            } else if (pointer.isPoisoned()) {
                done.ended(null);
            } else {
                BlockPointer child = pointer;
                reader.read(child, this::arrived);
            }
        }

        private @Nullable BlockPointer follow(long index, ByteBuffer node) {
            int level = node.get(3);
            long below = TreeRoot.span(level);
            long nodeIndex = index / (below * PointerBlock.FANOUT);
            if (!PointerBlock.isNode(node, level, root.tree(), nodeIndex)) {
                return null;
            }
            return PointerBlock.get(node, (int) (index / below % PointerBlock.FANOUT));
        }

        /// Walks down for the next block. Returns the pointer of a node that is not in memory, or
        /// null if at least one more block was found.
        private @Nullable BlockPointer descend() {
            long index = first + filled;
            if (index >= root.span()) {
                Arrays.fill(found, filled, found.length, BlockPointer.HOLE);
                filled = found.length;
                return null;
            }
            BlockPointer pointer = root.top();
            for (int level = root.levels() - 1; level >= 0; level--) {
                if (pointer.isHole()) {
                    fillHoles(index, level + 1);
                    return null;
                }
                ByteBuffer node = reader.cached(pointer);
                if (node == null || level != node.get(3)) {
                    return pointer;
                }
                BlockPointer next = follow(index, node);
                if (next == null) {
                    return pointer;
                }
                if (level == 0) {
                    copyLeaf(index, node);
                    return null;
                }
                pointer = next;
            }
            throw new AssertionError("a tree has a level 0");
        }

        private void copyLeaf(long index, ByteBuffer leaf) {
            int slot = (int) (index % PointerBlock.FANOUT);
            while (slot < PointerBlock.FANOUT && filled < found.length) {
                found[filled++] = PointerBlock.get(leaf, slot++);
            }
        }

        /// All blocks below a hole at `level` are holes.
        private void fillHoles(long index, int level) {
            long span = TreeRoot.span(level);
            long end = (index / span + 1) * span;
            long last = Math.min(end, first + found.length);
            for (long at = index; at < last; at++) {
                found[filled++] = BlockPointer.HOLE;
            }
        }
    }
}
