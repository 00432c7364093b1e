package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.tree.TreeWalk;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Everything that one image reaches and that was born after another: trees of all LUNs, of their
/// snapshots and of the system files, nodes and data; of trees being drained only the nodes. This
/// is what a mirror that holds the older image lacks. The image walked must stay pinned until the
/// walk has ended.
public final class ImageWalk {
    /// Takes the blocks, one at a time.
    public interface Sink {
        /// A block, the checksum in the pointer to it, and its content, lent for the call. Ask for
        /// the next one with [ImageWalk#next].
        void block(long vbn, int crc, ByteBuffer borrowed);

        /// There is no more.
        void ended();

        /// A block cannot be read from any disk.
        void lost(long vbn);
    }

    private final BlockReader reader;
    private final BlockPool pool;
    private final VolumeRoot root;
    private final CpId since;
    private final ArrayDeque<ImageTree> trees = new ArrayDeque<>();
    private ImageTree current;
    private TreeWalk walk;

    ImageWalk(VolumeCore core, CpId since) {
        this(core.copy.root(), core.image, core.copy.reader(), core.copy.pool(), since);
    }

    /// The image of `root`, whose state file is `state`.
    ImageWalk(VolumeRoot root, StateFile state, BlockReader reader, BlockPool pool, CpId since) {
        this.reader = reader;
        this.pool = pool;
        this.root = root;
        this.since = since;
        trees.addAll(ImageTree.of(root, state));
        this.current = trees.remove();
        this.walk = current.walk(since, reader, pool);
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
                        if (pointer.isAllocated() && !(current.draining() && level < 0)) {
                            found(pointer, sink);
                        } else {
                            next(sink);
                        }
                    }

                    @Override
                    public void ended() {
                        if (trees.isEmpty()) {
                            sink.ended();
                        } else {
                            current = trees.remove();
                            walk = current.walk(since, reader, pool);
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
}
