package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPatch;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Pin;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.StateLoader;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.tree.TreePair;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Everything that one image reaches and that was born after another: trees of all LUNs, of their
/// snapshots and of the system files, nodes and data; of trees being drained only the nodes. This
/// is what a mirror that holds the older image lacks. The image walked must stay pinned until the
/// walk has ended.
///
/// A node, or a block of a system file, that stands where the older image had another version of it
/// is found as the change from that version, which the mirror has: scattered writes change a few
/// bytes each of very many nodes. That needs the older image to be readable here; where it is not,
/// blocks are found whole.
public final class ImageWalk {
    /// Takes the blocks, one at a time.
    public interface Sink {
        /// A block, the checksum in the pointer to it, and its content, lent for the call. Ask for
        /// the next one with [ImageWalk#next].
        void block(long vbn, int crc, ByteBuffer borrowed);

        /// Block `now` has the content of block `base` of the older image with a patch applied; its
        /// content as a whole is lent too.
        void change(
                BlockPointer now, ByteBuffer borrowed, BlockPointer base, ByteBuffer borrowedPatch);

        /// There is no more.
        void ended();

        /// A block cannot be read from any disk.
        void lost(long vbn);
    }

    private final BlockReader reader;
    private final BlockPool pool;
    private final VolumeRoot root;
    private final CpId since;
    private final @Nullable VolumeRoot older;
    private final ArrayDeque<ImageTree> trees = new ArrayDeque<>();
    private final long blocksInAll;
    private @Nullable StateFile olderState;
    private boolean begun;
    private boolean closed;
    private ImageTree current;
    private @Nullable TreePair walk;
    private long blocksBehind;

    ImageWalk(VolumeCore core, CpId since) {
        this(
                core.copy.root(),
                core.image,
                core.copy.reader(),
                core.copy.pool(),
                since,
                pinned(core, since));
    }

    /// All of the image of `root`, whose state file is `state`.
    ImageWalk(VolumeRoot root, StateFile state, BlockReader reader, BlockPool pool) {
        this(root, state, reader, pool, CpId.NONE, null);
    }

    private ImageWalk(
            VolumeRoot root,
            StateFile state,
            BlockReader reader,
            BlockPool pool,
            CpId since,
            @Nullable VolumeRoot older) {
        this.reader = reader;
        this.pool = pool;
        this.root = root;
        this.since = since;
        this.older = older;
        trees.addAll(ImageTree.of(root, state));
        this.blocksInAll = trees.stream().mapToLong(ImageTree::extent).sum();
        this.current = trees.remove();
    }

    private static @Nullable VolumeRoot pinned(VolumeCore core, CpId since) {
        Pin pin = core.cp.pins().find(since);
        return pin == null ? null : pin.image();
    }

    /// The image that is walked.
    public VolumeRoot root() {
        return root;
    }

    /// How much lies behind the walk, from 0 to 1, by the places looked at.
    public double done() {
        TreePair pair = walk;
        long behind = blocksBehind + (pair == null ? 0 : Math.min(pair.at(), current.extent()));
        return blocksInAll == 0 ? 1 : (double) behind / blocksInAll;
    }

    /// Finds the next block; `sink` is called once, inside the call or later.
    public void next(Sink sink) {
        VolumeRoot other = older;
        TreePair pair = walk;
        if (pair != null) {
            next(pair, sink);
        } else if (begun || other == null) {
            next(enter(), sink);
        } else {
            begun = true;
            StateLoader.load(
                    other,
                    reader,
                    new StateLoader.Handler() {
                        @Override
                        public void loaded(StateFile state) {
                            olderState = state;
                            goOn();
                        }

                        @Override
                        public void lost(String what) {
                            goOn();
                        }

                        private void goOn() {
                            if (!closed) {
                                next(enter(), sink);
                            }
                        }
                    });
        }
    }

    private TreePair enter() {
        CpId later = since.compareTo(current.since()) > 0 ? since : current.since();
        TreePair pair =
                new TreePair(
                        olderOf(current), current.root(), later, current.cursor(), reader, pool);
        walk = pair;
        return pair;
    }

    /// Where the older image had the tree, if it can be read; any tree would do.
    private TreeRoot olderOf(ImageTree tree) {
        StateFile state = olderState;
        VolumeRoot other = older;
        int number = tree.root().tree();
        if (state == null || other == null || tree.draining()) {
            return TreeRoot.empty(number, 1);
        }
        return switch (number) {
            case VolumeRoot.STATE_TREE -> other.state();
            case VolumeRoot.DEAD_TREE -> other.dead();
            case VolumeRoot.SPACE_TREE -> other.space();
            case VolumeRoot.DEATH_TREE -> state.deaths().file();
            default -> lunOf(state, number);
        };
    }

    private static TreeRoot lunOf(StateFile state, int number) {
        for (LunState lun : state.luns()) {
            if (lun.root().tree() == number) {
                return lun.root();
            }
        }
        return TreeRoot.empty(number, 1);
    }

    private void next(TreePair pair, Sink sink) {
        pair.next(
                new TreePair.Visitor() {
                    @Override
                    public void place(
                            int level, long index, BlockPointer before, BlockPointer after) {
                        if (!after.isAllocated() || (current.draining() && level < 0)) {
                            ImageWalk.this.next(sink);
                        } else if (before.isAllocated() && (level >= 0 || isFile())) {
                            changed(before, after, sink);
                        } else {
                            found(after, sink);
                        }
                    }

                    @Override
                    public void ended() {
                        blocksBehind += current.extent();
                        walk = null;
                        begun = true;
                        if (trees.isEmpty()) {
                            sink.ended();
                        } else {
                            current = trees.remove();
                            ImageWalk.this.next(sink);
                        }
                    }

                    @Override
                    public void lost(BlockPointer pointer) {
                        sink.lost(pointer.vbn());
                    }
                });
    }

    private boolean isFile() {
        return current.root().tree() >= VolumeRoot.STATE_TREE;
    }

    /// Gives up what an unfinished walk holds.
    public void close() {
        closed = true;
        TreePair pair = walk;
        if (pair != null) {
            pair.close();
        }
        trees.clear();
    }

    private void found(BlockPointer pointer, Sink sink) {
        reader.read(
                pointer,
                block -> {
                    if (block == null) {
                        sink.lost(pointer.vbn());
                    } else {
                        sink.block(pointer.vbn(), pointer.crc(), block);
                    }
                });
    }

    private void changed(BlockPointer before, BlockPointer after, Sink sink) {
        reader.read(
                before,
                base -> {
                    if (base == null) {
                        found(after, sink);
                        return;
                    }
                    ByteBuffer kept = pool.take();
                    kept.put(0, base, 0, Blocks.SIZE);
                    reader.read(after, block -> compared(before, kept, after, block, sink));
                });
    }

    private void compared(
            BlockPointer before,
            ByteBuffer base,
            BlockPointer after,
            @Nullable ByteBuffer block,
            Sink sink) {
        ByteBuffer patch = block == null ? null : BlockPatch.between(base, block);
        pool.give(base);
        if (block == null) {
            sink.lost(after.vbn());
        } else if (patch == null) {
            sink.block(after.vbn(), after.crc(), block);
        } else {
            sink.change(after, block, before, patch);
        }
    }
}
