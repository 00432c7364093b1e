package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.tree.TreeRoot;
import lockstep.blockstore.tree.TreeWalk;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Everything that one image reaches and that was born after another: trees of all LUNs and of the
/// system files, nodes and data. This is what a mirror that holds the older image lacks. The image
/// walked must stay pinned until the walk has ended.
public final class ImageWalk {
    /// Takes the blocks, one at a time.
    public interface Sink {
        /// A block and its content, lent for the call. Ask for the next one with [ImageWalk#next].
        void block(long vbn, ByteBuffer borrowed);

        /// There is no more.
        void ended();

        /// A block cannot be read from any disk.
        void lost(long vbn);
    }

    private final BlockReader reader;
    private final BlockPool pool;
    private final VolumeRoot root;
    private final CpId since;
    private final ArrayDeque<TreeRoot> trees = new ArrayDeque<>();
    private TreeWalk walk;

    ImageWalk(VolumeCore core, CpId since) {
        this.reader = core.copy.reader();
        this.pool = core.copy.pool();
        this.root = core.copy.root();
        this.since = since;
        for (LunState lun : core.imageLuns) {
            trees.add(lun.root());
        }
        trees.add(root.state());
        trees.add(root.dead());
        trees.add(root.space());
        this.walk = walkOf(trees.remove());
    }

    /// The image that is walked.
    public VolumeRoot root() {
        return root;
    }

    /// Finds the next block; `sink` is called once, inside the call or later.
    public void next(Sink sink) {
        walk.next(
                new TreeWalk.Visitor() {
                    @Override
                    public void block(BlockPointer pointer, int level, long index) {
                        found(pointer, sink);
                    }

                    @Override
                    public void ended() {
                        if (trees.isEmpty()) {
                            sink.ended();
                        } else {
                            walk = walkOf(trees.remove());
                            next(sink);
                        }
                    }

                    @Override
                    public void lost(BlockPointer pointer) {
                        sink.lost(pointer.vbn());
                    }
                });
    }

    /// Gives up what an unfinished walk holds.
    public void close() {
        walk.close();
        trees.clear();
    }

    private TreeWalk walkOf(TreeRoot tree) {
        return new TreeWalk(tree, since, reader, pool);
    }

    private void found(BlockPointer pointer, Sink sink) {
        if (!pointer.isAllocated()) {
            next(sink);
            return;
        }
        reader.read(
                pointer,
                block -> {
                    if (block == null) {
                        sink.lost(pointer.vbn());
                    } else {
                        sink.block(pointer.vbn(), block);
                    }
                });
    }
}
