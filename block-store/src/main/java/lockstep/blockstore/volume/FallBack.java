package lockstep.blockstore.volume;

import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.tree.TreePair;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/// Reads everything that an older image has and the committed one has not, before the copy goes
/// back to it. What both have is not in danger, and the pin has kept the rest; but a root that came
/// from another node may pin an image that was never on these disks, and nothing is believed that
/// can be looked at. The cost is that of the difference.
final class FallBack {
    private static final int PLACES_PER_SLICE = 64;

    private final VolumeCopy copy;
    private final ArrayDeque<ImageVersions.Versions> trees;
    private final Consumer<Boolean> done;
    private ImageVersions.Versions tree;
    private TreePair walk;
    private int places;

    private FallBack(VolumeCopy copy, ImageVersions images, Consumer<Boolean> done) {
        this.copy = copy;
        this.trees = new ArrayDeque<>(images.ofOlder());
        this.done = done;
        this.tree = trees.remove();
        this.walk = tree.walk(copy.reader(), copy.pool());
    }

    /// Whether all of `older` can be read.
    static void check(VolumeCopy copy, VolumeRoot older, Consumer<Boolean> done) {
        ImageVersions.load(
                older,
                copy.root(),
                copy.reader(),
                images -> {
                    if (images == null) {
                        done.accept(false);
                    } else {
                        new FallBack(copy, images, done).next();
                    }
                });
    }

    private void next() {
        if (++places % PLACES_PER_SLICE == 0) {
            copy.loop().execute(this::step);
        } else {
            step();
        }
    }

    private void step() {
        walk.next(
                new TreePair.Visitor() {
                    @Override
                    public void place(
                            int level, long index, BlockPointer before, BlockPointer after) {
                        boolean data = level < 0 && !tree.draining() && before.isAllocated();
                        if (data) {
                            copy.reader().read(before, block -> read(block != null));
                        } else {
                            next();
                        }
                    }

                    @Override
                    public void ended() {
                        if (trees.isEmpty()) {
                            done.accept(true);
                        } else {
                            tree = trees.remove();
                            walk = tree.walk(copy.reader(), copy.pool());
                            next();
                        }
                    }

                    @Override
                    public void lost(BlockPointer pointer) {
                        read(false);
                    }
                });
    }

    private void read(boolean whole) {
        if (whole) {
            next();
        } else {
            walk.close();
            done.accept(false);
        }
    }
}
