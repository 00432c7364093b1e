package lockstep.blockstore.volume;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.DeadList;
import lockstep.blockstore.cp.ImageLoader;
import lockstep.blockstore.cp.SnapshotCheck;
import lockstep.blockstore.cp.SpaceMap;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.tree.TreeWalk;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Checks the committed image of a copy as a whole: every block that a root reaches is readable
/// with the right checksum, allocated, and reached once; every allocated block is reached, on the
/// dead list or waits to be drained; snapshots' dead lists are what their trees say (invariants 3
/// and 9). It also gives the blocks with their checksums, so that two copies can be compared
/// (invariant 4). A library: tests call it after everything they do.
public final class VolumeCheck {
    /// What was found. `blocks` maps each live VBN to the CRC32C of its content.
    public record Report(CpId cp, TreeMap<Long, Integer> blocks, List<String> errors) {
        /// Whether nothing is wrong.
        public boolean isClean() {
            return errors.isEmpty();
        }
    }

    private static final int CACHE_BLOCKS = 64;

    private final VolumeRoot root;
    private final BlockReader reader;
    private final VolumeCopy copy;
    private final Consumer<Report> done;
    private final TreeMap<Long, Integer> blocks = new TreeMap<>();
    private final List<String> errors = new ArrayList<>();
    private final ArrayDeque<ImageTree> trees = new ArrayDeque<>();
    private final BitSet dying = new BitSet();
    private @Nullable ImageTree current;

    private VolumeCheck(VolumeCopy copy, Consumer<Report> done) {
        this.copy = copy;
        this.root = copy.root();
        // A small cache of its own: what is checked is what the disks hold, not what memory does.
        this.reader =
                new BlockReader(
                        copy.space(), new BlockCache(CACHE_BLOCKS, copy.pool()), copy.pool());
        this.done = done;
    }

    /// Checks the image that `copy` has committed; nothing may change it meanwhile.
    public static void run(VolumeCopy copy, Consumer<Report> done) {
        new VolumeCheck(copy, done).load();
    }

    private void load() {
        ImageLoader.load(
                root,
                reader,
                copy.pool(),
                new ImageLoader.Handler() {
                    @Override
                    public void loaded(StateFile state, SpaceMap map, DeadList dead) {
                        trees.addAll(ImageTree.of(root, state));
                        SnapshotCheck.run(
                                state,
                                reader,
                                copy.pool(),
                                copy.loop(),
                                (found, freed) -> {
                                    errors.addAll(found);
                                    freed.forEach(VolumeCheck.this::dying);
                                    nextTree(map, dead);
                                });
                    }

                    @Override
                    public void lost(String what) {
                        errors.add("cannot read " + what);
                        finish();
                    }
                });
    }

    private void nextTree(SpaceMap map, DeadList dead) {
        ImageTree tree = trees.poll();
        if (tree == null) {
            compareMap(map, dead);
            finish();
            return;
        }
        current = tree;
        walk(tree.walk(CpId.NONE, reader, copy.pool()), map, dead);
    }

    private void walk(TreeWalk walk, SpaceMap map, DeadList dead) {
        walk.next(
                new TreeWalk.Visitor() {
                    @Override
                    public void block(BlockPointer pointer, int level, long index) {
                        boolean isDying = current != null && current.draining() && level < 0;
                        if (isDying && pointer.isAllocated()) {
                            dying(pointer.vbn());
                        }
                        if (isDying || !pointer.isAllocated()) {
                            copy.loop().execute(() -> walk(walk, map, dead));
                            return;
                        }
                        reader.read(pointer, content -> reached(walk, map, dead, pointer, content));
                    }

                    @Override
                    public void ended() {
                        nextTree(map, dead);
                    }

                    @Override
                    public void lost(BlockPointer pointer) {
                        errors.add("a tree block cannot be read: " + pointer);
                        walk.close();
                        nextTree(map, dead);
                    }
                });
    }

    private void reached(
            TreeWalk walk,
            SpaceMap map,
            DeadList dead,
            BlockPointer pointer,
            @Nullable ByteBuffer content) {
        if (content == null) {
            errors.add("a block cannot be read: " + pointer);
        }
        if (pointer.vbn() >= map.size() || !map.isUsed(pointer.vbn())) {
            errors.add("a reachable block is not allocated: " + pointer);
        }
        if (blocks.put(pointer.vbn(), pointer.crc()) != null) {
            errors.add("a block is reached twice: " + pointer);
        }
        copy.loop().execute(() -> walk(walk, map, dead));
    }

    /// A block that no image after this one needs.
    private void dying(long vbn) {
        if (dying.get(Math.toIntExact(vbn))) {
            errors.add("dead VBN " + vbn + " is listed twice");
        }
        dying.set(Math.toIntExact(vbn));
    }

    private void compareMap(SpaceMap map, DeadList dead) {
        if (root.space().top().isHole()) {
            return;
        }
        BitSet listed = dying;
        dead.forEach(this::dying);
        for (int vbn = listed.nextSetBit(0); vbn >= 0; vbn = listed.nextSetBit(vbn + 1)) {
            if (blocks.containsKey((long) vbn)) {
                errors.add("dead VBN " + vbn + " is live");
            }
        }
        for (long vbn = 1; vbn < map.size(); vbn++) {
            boolean needed = blocks.containsKey(vbn) || listed.get((int) vbn);
            if (map.isUsed(vbn) != needed) {
                errors.add("VBN " + vbn + (needed ? " is needed and free" : " is used by nobody"));
            }
        }
        if (map.used() != root.used()) {
            errors.add("the root counts " + root.used() + " used, the map " + map.used());
        }
    }

    private void finish() {
        done.accept(new Report(root.cp(), blocks, List.copyOf(errors)));
    }
}
