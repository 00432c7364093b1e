package lockstep.blockstore.tree;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.raid.PointerProbe.Found;
import lockstep.blockstore.raid.SpaceScrub;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Objects;

/// Looks, leaf by leaf, whether the disks hold what the pointers of a tree ask for: the nodes on
/// the way down, then all that the leaf points at. Nothing is kept between two leaves and nothing
/// comes from memory, so a walk can be left and taken up again by the index of a block alone, also
/// in another image of the same tree.
public final class TreeProbe {
    /// Takes what was done about a block that its stripe cannot give.
    @FunctionalInterface
    public interface Instead {
        /// `content` is right where it was had from elsewhere.
        void ended(Found found, @Nullable ByteBuffer content);
    }

    /// Takes what a look at one leaf came to.
    public interface Handler {
        /// Its stripe cannot give a block: `instead` is told whether it was had from elsewhere and
        /// put in its place. `level` is -1 for data.
        void missing(BlockPointer pointer, int level, long index, Instead instead);

        /// A block cannot be had. `level` is -1 for data; all below a node is lost with it.
        void lost(BlockPointer pointer, int level, long index);

        /// The leaf is done, and the blocks read were `blocks`; the next one begins at `next`,
        /// which is behind the tree's end when there is none.
        void ended(long next, long blocks);

        /// The image is outdated and a block of it was written anew: look again in a newer one.
        void moved(long blocks);
    }

    private final SpaceScrub space;
    private final CpId image;
    private final TreeRoot root;
    private final CpId since;
    private final long first;
    private final Handler handler;
    private long blocks;

    private TreeProbe(
            SpaceScrub space, CpId image, TreeRoot root, CpId since, long first, Handler handler) {
        this.space = space;
        this.image = image;
        this.root = root;
        this.since = since;
        this.first = first;
        this.handler = handler;
    }

    /// Looks at the leaf of `root`, a tree of image `image`, that holds block `first`, from there
    /// on, and at what of it was born after `since`.
    public static void leaf(
            SpaceScrub space, CpId image, TreeRoot root, CpId since, long first, Handler handler) {
        new TreeProbe(space, image, root, since, first, handler)
                .descend(root.top(), root.levels() - 1);
    }

    private boolean isWanted(BlockPointer pointer) {
        return pointer.isAllocated() && pointer.bornAfter(since);
    }

    /// Where the leaf behind that of block `index` begins.
    public static long nextLeaf(long index) {
        return (index / PointerBlock.FANOUT + 1) * PointerBlock.FANOUT;
    }

    private long behind(int level) {
        long span = TreeRoot.span(level + 1);
        return (first / span + 1) * span;
    }

    private void descend(BlockPointer pointer, int level) {
        if (first >= root.span() || !isWanted(pointer)) {
            handler.ended(behind(level), blocks);
            return;
        }
        blocks++;
        space.probe(
                pointer.vbn(),
                new int[] {pointer.crc()},
                image,
                (found, contents) -> {
                    if (found[0] == Found.LOST) {
                        long index = first / TreeRoot.span(level + 1);
                        handler.missing(
                                pointer,
                                level,
                                index,
                                (what, node) -> looked(pointer, level, what, node));
                    } else {
                        looked(pointer, level, found[0], contents[0]);
                    }
                });
    }

    private void looked(BlockPointer pointer, int level, Found found, @Nullable ByteBuffer node) {
        switch (found) {
            case GOOD, HEALED -> entered(pointer, level, Objects.requireNonNull(node));
            case MOVED -> handler.moved(blocks);
            case LOST -> lostNode(pointer, level);
        }
    }

    private void lostNode(BlockPointer pointer, int level) {
        handler.lost(pointer, level, first / TreeRoot.span(level + 1));
        handler.ended(behind(level), blocks);
    }

    private void entered(BlockPointer pointer, int level, ByteBuffer node) {
        long index = first / TreeRoot.span(level + 1);
        if (!PointerBlock.isNode(node, level, root.tree(), index)) {
            lostNode(pointer, level);
            return;
        }
        int slot = (int) (first / TreeRoot.span(level) % PointerBlock.FANOUT);
        if (level > 0) {
            descend(PointerBlock.get(node, slot), level - 1);
        } else {
            data(node, slot);
        }
    }

    // Blocks that lie side by side are read with one request.
    private void data(ByteBuffer leaf, int slot) {
        int from = slot;
        while (from < PointerBlock.FANOUT && !isWanted(PointerBlock.get(leaf, from))) {
            from++;
        }
        if (from == PointerBlock.FANOUT) {
            handler.ended(behind(0), blocks);
            return;
        }
        long vbn = PointerBlock.get(leaf, from).vbn();
        int to = from + 1;
        while (to < PointerBlock.FANOUT
                && PointerBlock.get(leaf, to).vbn() == vbn + to - from
                && isWanted(PointerBlock.get(leaf, to))
                && space.isBeside(vbn, vbn + to - from)) {
            to++;
        }
        int[] crcs = new int[to - from];
        for (int i = from; i < to; i++) {
            crcs[i - from] = PointerBlock.get(leaf, i).crc();
        }
        int begin = from;
        int end = to;
        blocks += crcs.length;
        space.probe(vbn, crcs, image, (found, _) -> probed(leaf, begin, begin, end, found));
    }

    private void probed(ByteBuffer leaf, int begin, int from, int to, Found[] found) {
        for (int i = from; i < to; i++) {
            switch (found[i - begin]) {
                case GOOD, HEALED -> {}
                case MOVED -> {
                    handler.moved(blocks);
                    return;
                }
                case LOST -> {
                    missing(leaf, begin, i, to, found);
                    return;
                }
            }
        }
        data(leaf, to);
    }

    private void missing(ByteBuffer leaf, int begin, int at, int to, Found[] found) {
        BlockPointer pointer = PointerBlock.get(leaf, at);
        long index = first / PointerBlock.FANOUT * PointerBlock.FANOUT + at;
        handler.missing(
                pointer,
                -1,
                index,
                (what, _) -> {
                    switch (what) {
                        case GOOD, HEALED -> {}
                        case MOVED -> {
                            handler.moved(blocks);
                            return;
                        }
                        case LOST -> handler.lost(pointer, -1, index);
                    }
                    probed(leaf, begin, at + 1, to, found);
                });
    }
}
