package lockstep.blockstore.tree;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.block.BlockCache.Kind;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.Slices;

import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;

/// Changes one tree within one consistency point, by copy-on-write:
///
/// 1. [#load] brings copies of all nodes on the way to the blocks that will change into memory;
/// 2. [#get] and [#set] read and change pointers at once;
/// 3. [#assign] gives every changed node a VBN and reports what it replaces. It may be repeated
///    after more loading, which is how the space map, whose own blocks need space, comes to rest;
/// 4. [#encode] computes checksums from the leaves up and hands every node out to be written;
/// 5. [#keepNodes] moves the nodes into the cache once they are committed.
///
/// A node whose pointers are all holes is not written: its parent gets a hole.
public final class TreeEditor {
    /// Takes a node that has to be written.
    @FunctionalInterface
    public interface NodeSink {
        /// `content` is lent until the consistency point is committed or dropped. It differs from
        /// the block `replaced`, if that is one, in `slots` only ([#patch]).
        void node(BlockPointer pointer, ByteBuffer content, BlockPointer replaced, BitSet slots);
    }

    /// What makes the node that `content` replaces into it, of which `slots` have changed; null if
    /// that is not worth it.
    public static @Nullable ByteBuffer patch(ByteBuffer content, BitSet slots) {
        return PointerBlock.patch(content, slots);
    }

    private static final int READS_AT_ONCE = 64;
    private static final int NODES_PER_SLICE = 256;

    private static final class Node {
        final ByteBuffer content;
        final BlockPointer replaced;
        final BitSet slots = new BitSet();
        boolean replacedReported;
        BlockPointer written = BlockPointer.HOLE;

        Node(ByteBuffer content, BlockPointer replaced) {
            this.content = content;
            this.replaced = replaced;
        }

        void put(long index, BlockPointer pointer) {
            int slot = (int) (index % PointerBlock.FANOUT);
            PointerBlock.put(content, slot, pointer);
            slots.set(slot);
        }
    }

    private final int tree;
    private final CpId cp;
    private final BlockReader reader;
    private final BlockPool pool;
    private final EventLoop loop;
    private final List<Long2ObjectHashMap<Node>> levels = new ArrayList<>();
    private BlockPointer top;
    private long nodesGained;

    /// Edits the tree at `root` for `cp`.
    public TreeEditor(TreeRoot root, CpId cp, BlockReader reader, BlockPool pool, EventLoop loop) {
        this.tree = root.tree();
        this.cp = cp;
        this.reader = reader;
        this.pool = pool;
        this.loop = loop;
        this.top = root.top();
        for (int i = 0; i < root.levels(); i++) {
            levels.add(new Long2ObjectHashMap<>());
        }
    }

    /// Makes the tree high enough for `blocks` blocks. Only before anything is loaded.
    public void growTo(long blocks) {
        for (Long2ObjectHashMap<Node> level : levels) {
            Check.that(level.isEmpty(), "a tree grows before its nodes are loaded");
        }
        BlockPointer child = top;
        while (TreeRoot.span(levels.size()) < blocks) {
            Long2ObjectHashMap<Node> level = new Long2ObjectHashMap<>();
            if (!top.isHole()) {
                // The old top becomes the first descendant of new nodes, which are written in any
                // case.
                ByteBuffer block = pool.takeZeroed();
                PointerBlock.format(block, levels.size(), tree, 0);
                PointerBlock.put(block, 0, child);
                level.put(0, new Node(block, BlockPointer.HOLE));
                // Stands for the node below until assign puts its real pointer here.
                child = BlockPointer.poisoned(cp);
            }
            levels.add(level);
        }
    }

    /// Loads the nodes on the way to each of the first `count` of `sorted` block indices. `done`
    /// gets false if one cannot be read.
    public void load(long[] sorted, int count, Consumer<Boolean> done) {
        if (count == 0) {
            done.accept(true);
            return;
        }
        Check.that(
                sorted[count - 1] < TreeRoot.span(levels.size()),
                "a block index lies inside the tree",
                sorted[count - 1],
                levels.size());
        new Loading(sorted, count, done).level(levels.size() - 1);
    }

    /// The pointer of a block whose nodes are loaded.
    public BlockPointer get(long index) {
        return PointerBlock.get(leaf(index).content, (int) (index % PointerBlock.FANOUT));
    }

    /// Sets the pointer of a block whose nodes are loaded.
    public void set(long index, BlockPointer pointer) {
        leaf(index).put(index, pointer);
    }

    /// Gives each loaded node that has none a VBN, lower levels first, and puts it into its parent
    /// without a checksum yet. `done` gets false if there is no finding a VBN.
    public void assign(VbnAllocator allocator, Consumer<Boolean> done) {
        long nodes = 0;
        for (Long2ObjectHashMap<Node> level : levels) {
            for (Node node : level.values()) {
                nodes += node.written.isHole() ? 1 : 0;
            }
        }
        allocator.prepare(
                nodes,
                found -> {
                    if (found) {
                        forEachNode(
                                0,
                                (level, index) -> assign(allocator, level, index),
                                () -> done.accept(true));
                    } else {
                        done.accept(false);
                    }
                });
    }

    /// Computes checksums bottom up and gives out every node. Returns the new root through `done`.
    public void encode(NodeSink sink, Consumer<TreeRoot> done) {
        forEachNode(
                0,
                (level, index) -> encodeNode(level, index, sink),
                () -> done.accept(new TreeRoot(tree, levels.size(), top)));
    }

    /// How many nodes the tree has more than before, after [#encode].
    public long nodesGained() {
        return nodesGained;
    }

    /// Hands the nodes' buffers to the cache; they are committed. The editor is spent.
    public void keepNodes(Runnable done) {
        forEachNode(
                0,
                this::keepNode,
                () -> {
                    levels.forEach(Long2ObjectHashMap::clear);
                    done.run();
                });
    }

    private void keepNode(int level, long index) {
        Node node = node(level, index);
        if (node.written.isAllocated()) {
            reader.keep(Kind.NODE, node.written, node.content);
        } else {
            pool.give(node.content);
        }
    }

    /// Takes a node by its place.
    private interface NodeStep {
        void at(int level, long index);
    }

    /// Goes through the nodes in memory from `level` up, in order, some at a time.
    private void forEachNode(int level, NodeStep step, Runnable done) {
        if (level == levels.size()) {
            done.run();
            return;
        }
        long[] keys = sortedKeys(level);
        int[] at = {0};
        Slices.run(
                loop,
                NODES_PER_SLICE,
                () -> {
                    if (at[0] == keys.length) {
                        return false;
                    }
                    step.at(level, keys[at[0]++]);
                    return true;
                },
                () -> forEachNode(level + 1, step, done));
    }

    private void assign(VbnAllocator allocator, int level, long index) {
        Node node = node(level, index);
        if (!node.replacedReported) {
            node.replacedReported = true;
            if (node.replaced.isAllocated()) {
                allocator.died(node.replaced);
            }
        }
        if (node.written.isHole() && !isAllHoles(node.content)) {
            node.written = BlockPointer.to(allocator.allocate(), 0, cp);
        }
        point(level, index, node.written);
    }

    private void encodeNode(int level, long index, NodeSink sink) {
        Node node = node(level, index);
        nodesGained -= node.replaced.isHole() ? 0 : 1;
        if (node.written.isHole()) {
            Check.that(isAllHoles(node.content), "a node with pointers has a VBN", level, index);
            return;
        }
        nodesGained++;
        int crc = Crc32c.of(node.content, 0, node.content.capacity());
        node.written = BlockPointer.to(node.written.vbn(), crc, cp);
        point(level, index, node.written);
        sink.node(node.written, node.content, node.replaced, node.slots);
    }

    /// Puts the pointer to node (`level`, `index`) where it is found from.
    private void point(int level, long index, BlockPointer pointer) {
        if (level == levels.size() - 1) {
            top = pointer;
        } else {
            node(level + 1, index / PointerBlock.FANOUT).put(index, pointer);
        }
    }

    private Node leaf(long index) {
        return node(0, index / PointerBlock.FANOUT);
    }

    private Node node(int level, long index) {
        @Nullable Node node = levels.get(level).get(index);
        if (node == null) {
            throw new lockstep.blockstore.base.BrokenInvariant(
                    "a node is loaded before it is used");
        }
        return node;
    }

    private long[] sortedKeys(int level) {
        Long2ObjectHashMap<Node> nodes = levels.get(level);
        long[] keys = new long[nodes.size()];
        int count = 0;
        Long2ObjectHashMap<Node>.KeyIterator iterator = nodes.keySet().iterator();
        while (iterator.hasNext()) {
            keys[count++] = iterator.nextLong();
        }
        Arrays.sort(keys);
        return keys;
    }

    private static boolean isAllHoles(ByteBuffer content) {
        for (int slot = 0; slot < PointerBlock.FANOUT; slot++) {
            if (!PointerBlock.get(content, slot).isHole()) {
                return false;
            }
        }
        return true;
    }

    /// Brings nodes into memory, level by level from the top, several reads at once.
    private final class Loading {
        private final long[] sorted;
        private final int count;
        private final Consumer<Boolean> done;
        private int level;
        private int next;
        private long lastNode = -1;
        private int reading;
        private boolean scanning;
        private boolean failed;

        Loading(long[] sorted, int count, Consumer<Boolean> done) {
            this.sorted = sorted;
            this.count = count;
            this.done = done;
        }

        void level(int toLoad) {
            level = toLoad;
            next = 0;
            lastNode = -1;
            scan();
        }

        /// Goes through the indices until enough reads are under way; yields to the loop now and
        /// then.
        private void scan() {
            if (scanning) {
                return;
            }
            scanning = true;
            Slices.run(loop, NODES_PER_SLICE, this::step, this::scanned);
        }

        private boolean step() {
            if (next >= count || reading >= READS_AT_ONCE || failed) {
                return false;
            }
            long nodeIndex = sorted[next++] / TreeRoot.span(level + 1);
            if (nodeIndex != lastNode && !levels.get(level).containsKey(nodeIndex)) {
                bring(nodeIndex);
            }
            lastNode = nodeIndex;
            return true;
        }

        private void scanned() {
            scanning = false;
            if (reading > 0) {
                return;
            }
            if (failed) {
                done.accept(false);
            } else if (next < count) {
                scan();
            } else if (level > 0) {
                level(level - 1);
            } else {
                done.accept(true);
            }
        }

        private void bring(long nodeIndex) {
            BlockPointer pointer =
                    level == levels.size() - 1
                            ? top
                            : PointerBlock.get(
                                    node(level + 1, nodeIndex / PointerBlock.FANOUT).content,
                                    (int) (nodeIndex % PointerBlock.FANOUT));
            if (pointer.isHole()) {
                ByteBuffer fresh = pool.takeZeroed();
                PointerBlock.format(fresh, level, tree, nodeIndex);
                levels.get(level).put(nodeIndex, new Node(fresh, BlockPointer.HOLE));
                return;
            }
            int ofLevel = level;
            reading++;
            reader.read(pointer, block -> arrived(ofLevel, nodeIndex, pointer, block));
        }

        private void arrived(
                int ofLevel, long nodeIndex, BlockPointer pointer, @Nullable ByteBuffer block) {
            reading--;
            if (block == null || !PointerBlock.isNode(block, ofLevel, tree, nodeIndex)) {
                failed = true;
            } else {
                ByteBuffer copy = pool.take();
                copy.put(0, block, 0, copy.capacity());
                levels.get(ofLevel).put(nodeIndex, new Node(copy, pointer));
            }
            scan();
        }
    }
}
