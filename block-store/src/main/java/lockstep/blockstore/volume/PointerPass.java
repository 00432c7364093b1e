package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Restored;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.ProbedSource;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.StateLoader;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.raid.PointerProbe.Found;
import lockstep.blockstore.raid.SpaceScrub;
import lockstep.blockstore.tree.TreeProbe;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The part of a scrub that follows pointers, a leaf at a time: the trees of the system files, then
/// those of the LUNs, in the order of their numbers. Each step looks in the image that is committed
/// then, so no image is kept for it and nothing waits for it; a block written after the walk came
/// by is found by the next pass.
final class PointerPass {
    /// Takes the end of a step: where to go on, `tree` -1 at the end, and how many blocks were
    /// read.
    interface Stepped {
        void ended(long tree, long index, long blocks);
    }

    /// Hears of each block that its stripe cannot give.
    interface Lost {
        void lost(int tree, int level, long index, BlockPointer pointer);

        /// The other copy had it.
        void rescued(int tree, int level, long index, BlockPointer pointer);
    }

    private static final int MOVES = 100;
    private static final long LUNS = 256;
    private static final long SNAPSHOTS = 512;

    private final Supplier<VolumeCopy> copy;
    private final SpaceScrub space;
    private final Lost lost;
    private @Nullable CpId loadedFor;
    private List<Part> trees = List.of();

    PointerPass(Supplier<VolumeCopy> copy, SpaceScrub space, Lost lost) {
        this.copy = copy;
        this.space = space;
        this.lost = lost;
    }

    /// Looks at the leaf that holds block `index` of the first tree whose key is at least `tree`.
    void step(long tree, long index, Stepped done) {
        step(tree, index, 0, 0, done);
    }

    private void step(long tree, long index, int moves, long blocks, Stepped done) {
        VolumeCopy now = copy.get();
        VolumeRoot root = now.root();
        if (now.state().sync() == CopyState.Sync.NO_IMAGE || root.state().top().isHole()) {
            done.ended(-1, 0, blocks);
        } else if (root.cp().equals(loadedFor)) {
            look(root, tree, index, moves, blocks, done);
        } else {
            load(
                    root,
                    whole -> {
                        boolean outdated = !root.cp().equals(copy.get().root().cp());
                        if (!whole && outdated && moves < MOVES) {
                            step(tree, index, moves + 1, blocks, done);
                        } else {
                            look(root, tree, index, moves, blocks, done);
                        }
                    });
        }
    }

    /// A tree, its place in the order, and since when its blocks are not another's that comes too.
    private record Part(long key, TreeRoot root, CpId since) {}

    // The system files come first: what is needed to open the volume at all.
    private static Part system(TreeRoot tree) {
        return new Part(tree.tree() - VolumeRoot.STATE_TREE, tree, CpId.NONE);
    }

    // With a memory of its own: what counts is on the disks.
    private void load(VolumeRoot root, Consumer<Boolean> next) {
        BlockPool pool = new BlockPool();
        ProbedSource source = new ProbedSource(space, root.cp());
        BlockReader reader = new BlockReader(source, new BlockCache(16, 0, pool), pool);
        StateLoader.load(
                root,
                reader,
                new StateLoader.Handler() {
                    @Override
                    public void loaded(StateFile state) {
                        take(root, state);
                        next.accept(true);
                    }

                    @Override
                    public void lost(String what) {
                        // The walk begins with the state file's own tree, and what has been had
                        // from the other copy by then is there for the next step.
                        take(root, StateFile.empty());
                        loadedFor = null;
                        next.accept(false);
                    }
                });
    }

    // Snapshots come last, by their age; one that moves up meanwhile is looked at by the next pass.
    private void take(VolumeRoot root, StateFile state) {
        List<Part> all = new ArrayList<>();
        for (TreeRoot file :
                List.of(root.state(), root.dead(), root.space(), state.deaths().file())) {
            all.add(system(file));
        }
        for (LunState lun : state.luns()) {
            CpId since = lun.originCp();
            for (Snapshot snapshot : state.snapshotsOf(lun.identity())) {
                long key = SNAPSHOTS + state.snapshots().indexOf(snapshot);
                all.add(new Part(key, snapshot.root(), since));
                since = snapshot.cp();
            }
            all.add(new Part(LUNS + lun.record().number(), lun.root(), since));
        }
        all.sort(Comparator.comparingLong(Part::key));
        trees = all;
        loadedFor = root.cp();
    }

    private void look(
            VolumeRoot root, long tree, long index, int moves, long blocks, Stepped done) {
        for (Part each : trees) {
            if (each.key >= tree) {
                long from = each.key == tree ? index : 0;
                TreeProbe.Handler end = end(root, each, from, moves, blocks, done);
                TreeProbe.leaf(space, root.cp(), each.root, each.since, from, end);
                return;
            }
        }
        done.ended(-1, 0, blocks);
    }

    private TreeProbe.Handler end(
            VolumeRoot root, Part tree, long from, int moves, long before, Stepped done) {
        return new TreeProbe.Handler() {
            @Override
            public void missing(
                    BlockPointer pointer, int level, long index, TreeProbe.Instead instead) {
                rescue(root, tree.root.tree(), level, index, pointer, instead);
            }

            @Override
            public void lost(BlockPointer pointer, int level, long index) {
                lost.lost(tree.root.tree(), level, index, pointer);
            }

            @Override
            public void ended(long next, long blocks) {
                boolean more = next < tree.root.span();
                done.ended(more ? tree.key : tree.key + 1, more ? next : 0, before + blocks);
            }

            @Override
            public void moved(long blocks) {
                // An image that has not changed cannot be outdated, and one that changes all the
                // time is no reason to stay here.
                if (root.cp().equals(copy.get().root().cp()) || moves == MOVES) {
                    ended(TreeProbe.nextLeaf(from), blocks);
                } else {
                    step(tree.key, from, moves + 1, before + blocks, done);
                }
            }
        };
    }

    private void rescue(
            VolumeRoot root,
            int tree,
            int level,
            long index,
            BlockPointer pointer,
            TreeProbe.Instead instead) {
        copy.get()
                .rescue()
                .rescue(
                        pointer,
                        (restored, content) -> {
                            boolean newest = root.cp().equals(copy.get().root().cp());
                            if (restored == Restored.HEALED) {
                                lost.rescued(tree, level, index, pointer);
                            }
                            instead.ended(found(restored, newest), content);
                        });
    }

    // Where an outdated image is looked at, another block may belong there by now. What belongs on
    // a disk that is away is good with the rest of its stripe.
    private static Found found(@Nullable Restored restored, boolean newest) {
        return switch (restored) {
            case HEALED -> Found.HEALED;
            case GOOD, AWAY -> Found.GOOD;
            case OTHER -> newest ? Found.LOST : Found.MOVED;
            case UNKNOWN -> Found.LOST;
            case null -> Found.LOST;
        };
    }
}
