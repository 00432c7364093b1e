package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.ProbedSource;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.StateLoader;
import lockstep.blockstore.cp.VolumeRoot;
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

    /// Hears of each block that is lost.
    interface Lost {
        void lost(int tree, int level, long index, BlockPointer pointer);
    }

    private static final int MOVES = 100;

    private final Supplier<VolumeCopy> copy;
    private final SpaceScrub space;
    private final Lost lost;
    private @Nullable CpId loadedFor;
    private List<TreeRoot> trees = List.of();

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

    // The system files come first: what is needed to open the volume at all.
    private static long key(TreeRoot tree) {
        boolean system = tree.tree() >= VolumeRoot.STATE_TREE;
        return system ? tree.tree() - VolumeRoot.STATE_TREE : 256L + tree.tree();
    }

    // With a memory of its own: what counts is on the disks.
    private void load(VolumeRoot root, Consumer<Boolean> next) {
        BlockPool pool = new BlockPool();
        ProbedSource source = new ProbedSource(space, root.cp());
        BlockReader reader = new BlockReader(source, new BlockCache(16, pool), pool);
        StateLoader.load(
                root,
                reader,
                new StateLoader.Handler() {
                    @Override
                    public void loaded(StateFile state) {
                        take(root, state.luns());
                        next.accept(true);
                    }

                    @Override
                    public void lost(String what) {
                        take(root, List.of());
                        next.accept(false);
                    }
                });
    }

    private void take(VolumeRoot root, List<LunState> luns) {
        List<TreeRoot> all = new ArrayList<>(List.of(root.state(), root.dead(), root.space()));
        luns.forEach(lun -> all.add(lun.root()));
        all.sort(Comparator.comparingLong(PointerPass::key));
        trees = all;
        loadedFor = root.cp();
    }

    private void look(
            VolumeRoot root, long tree, long index, int moves, long blocks, Stepped done) {
        for (TreeRoot each : trees) {
            if (key(each) >= tree) {
                long from = key(each) == tree ? index : 0;
                TreeProbe.leaf(
                        space, root.cp(), each, from, end(root, each, from, moves, blocks, done));
                return;
            }
        }
        done.ended(-1, 0, blocks);
    }

    private TreeProbe.Handler end(
            VolumeRoot root, TreeRoot tree, long from, int moves, long before, Stepped done) {
        return new TreeProbe.Handler() {
            @Override
            public void lost(BlockPointer pointer, int level, long index) {
                lost.lost(tree.tree(), level, index, pointer);
            }

            @Override
            public void ended(long next, long blocks) {
                boolean more = next < tree.span();
                done.ended(more ? key(tree) : key(tree) + 1, more ? next : 0, before + blocks);
            }

            @Override
            public void moved(long blocks) {
                // An image that has not changed cannot be outdated, and one that changes all the
                // time is no reason to stay here.
                if (root.cp().equals(copy.get().root().cp()) || moves == MOVES) {
                    ended(TreeProbe.nextLeaf(from), blocks);
                } else {
                    step(key(tree), from, moves + 1, before + blocks, done);
                }
            }
        };
    }
}
