package lockstep.blockstore.volume;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.StateLoader;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.tree.TreeScan;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/// Proves that an image that a mirror has received, and not committed yet, is whole.
///
/// That both nodes add up the same blocks says that what was sent has arrived, and nothing of what
/// was not sent. So the mirror follows the pointers by itself, from the new root on, through the
/// blocks that are here, and adds up all that were born after the image before. With what it has
/// received that is everything: what is older was proven with the image before, or with one before
/// that. The cost is reading the nodes that are new; data is not read.
final class ImageProof {
    private final VolumeCopy copy;
    private final VolumeRoot root;
    private final CpId since;
    private final SetHash.Value received;
    private final Consumer<@Nullable String> done;
    private final BlockReader reader;
    private final SetHash reached = new SetHash();
    private final ArrayDeque<ImageTree> trees = new ArrayDeque<>();
    private @Nullable TreeScan scan;
    private boolean over;

    /// Of the image of `root`, of which `received` came, everything that is newer than image
    /// `since`. Nodes come from `bases` where they are there. `done` gets null, or what is wrong.
    ImageProof(
            VolumeCopy copy,
            BaseBlocks bases,
            VolumeRoot root,
            CpId since,
            SetHash.Value received,
            Consumer<@Nullable String> done) {
        this.copy = copy;
        this.root = root;
        this.since = since;
        this.received = received;
        this.done = done;
        this.reader =
                new BlockReader(
                        bases.above(copy.space()), new BlockCache(0, 0, copy.pool()), copy.pool());
    }

    /// Begins.
    void start() {
        StateLoader.load(
                root,
                reader,
                new StateLoader.Handler() {
                    @Override
                    public void loaded(StateFile state) {
                        trees.addAll(ImageTree.of(root, state));
                        nextTree();
                    }

                    @Override
                    public void lost(String what) {
                        end(what + " cannot be read");
                    }
                });
    }

    /// Ends now, with no proof.
    void stop() {
        if (scan != null) {
            scan.stop();
        }
        end("the proof was broken off");
    }

    private void nextTree() {
        ImageTree tree = trees.poll();
        if (over) {
            return;
        }
        if (tree == null) {
            SetHash.Value found = reached.value();
            end(
                    found.equals(received)
                            ? null
                            : "its root reaches %d blocks newer than %s, and %d came, %s and %s"
                                    .formatted(
                                            found.count(),
                                            since,
                                            received.count(),
                                            found,
                                            received));
            return;
        }
        TreeScan next = tree.scan(since, reader, copy.loop(), adding(tree));
        scan = next;
        next.start();
    }

    private TreeScan.Visitor adding(ImageTree tree) {
        return new TreeScan.Visitor() {
            @Override
            public void block(BlockPointer pointer, int level) {
                boolean isNeeded = level >= 0 || !tree.draining();
                if (isNeeded && pointer.isAllocated()) {
                    reached.add(pointer.vbn(), pointer.crc());
                }
            }

            @Override
            public void ended(@Nullable BlockPointer lost) {
                if (lost == null) {
                    copy.loop().execute(ImageProof.this::nextTree);
                } else {
                    end("block " + lost.vbn() + ", a node newer than " + since + ", is not here");
                }
            }
        };
    }

    private void end(@Nullable String wrong) {
        if (!over) {
            over = true;
            done.accept(wrong);
        }
    }
}
