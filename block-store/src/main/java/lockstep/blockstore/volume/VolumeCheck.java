package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.BlockSource;
import lockstep.blockstore.cp.DeadList;
import lockstep.blockstore.cp.ImageLoader;
import lockstep.blockstore.cp.SnapshotCheck;
import lockstep.blockstore.cp.SpaceMap;
import lockstep.blockstore.cp.SpacePages;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.TreeWalk;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
    private static final int ERRORS_KEPT = 1000;

    private final VolumeRoot root;
    private final BlockReader reader;
    private final BlockPool pool;
    private final EventLoop loop;
    private final Consumer<Report> done;
    private final TreeMap<Long, Integer> blocks = new TreeMap<>();
    private final VbnSet reached = new VbnSet();
    private final boolean lean;
    private long moreErrors;
    private final List<String> errors = new ArrayList<>();
    private final ArrayDeque<ImageTree> trees = new ArrayDeque<>();
    private final VbnSet dying = new VbnSet();
    private @Nullable ImageTree current;
    private boolean mapWhole;

    private VolumeCheck(
            VolumeRoot root,
            BlockSource space,
            BlockPool pool,
            EventLoop loop,
            boolean lean,
            Consumer<Report> done) {
        this.root = root;
        this.pool = pool;
        this.loop = loop;
        this.lean = lean;
        // A small cache of its own: what is checked is what the disks hold, not what memory does.
        this.reader = new BlockReader(space, new BlockCache(CACHE_BLOCKS, 0, pool), pool);
        this.done = done;
    }

    /// Checks the image that `copy` has committed; nothing may change it meanwhile.
    public static void run(VolumeCopy copy, Consumer<Report> done) {
        new VolumeCheck(copy.root(), copy.space(), copy.pool(), copy.loop(), false, done).load();
    }

    /// As [#run], of the image of `root` on a space that nobody uses, and with a bit for each VBN
    /// instead of a map: the report names no blocks.
    public static void runLean(
            VolumeRoot root, BlockSource space, EventLoop loop, Consumer<Report> done) {
        new VolumeCheck(root, space, new BlockPool(), loop, true, done).load();
    }

    private void error(String text) {
        if (errors.size() < ERRORS_KEPT) {
            errors.add(text);
        } else {
            moreErrors++;
        }
    }

    private void load() {
        ImageLoader.load(
                root,
                reader,
                pool,
                new ImageLoader.Handler() {
                    @Override
                    public void loaded(StateFile state, SpaceMap map, DeadList dead) {
                        trees.addAll(ImageTree.of(root, state));
                        SnapshotCheck check =
                                new SnapshotCheck(
                                        state, reader, pool, loop, VolumeCheck.this::dying);
                        check.run(
                                lean,
                                found -> {
                                    found.forEach(VolumeCheck.this::error);
                                    loadMap(map, dead);
                                });
                    }

                    @Override
                    public void lost(String what) {
                        error("cannot read " + what);
                        finish();
                    }
                });
    }

    private void loadMap(SpaceMap map, DeadList dead) {
        new SpacePages(map, root.space(), reader)
                .needAll(
                        whole -> {
                            if (!whole) {
                                error("cannot read the space map");
                            }
                            mapWhole = whole;
                            nextTree(map, dead);
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
        walk(tree.walk(reader, pool), map, dead);
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
                            loop.execute(() -> walk(walk, map, dead));
                            return;
                        }
                        if (pointer.vbn() >= map.size()) {
                            error("a pointer leads out of the volume: " + pointer);
                            loop.execute(() -> walk(walk, map, dead));
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
                        error("a tree block cannot be read: " + pointer);
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
            error("a block cannot be read: " + pointer);
        }
        if (!reached.add(pointer.vbn())) {
            error("a block is reached twice: " + pointer);
        }
        if (!lean) {
            blocks.put(pointer.vbn(), pointer.crc());
        }
        loop.execute(() -> walk(walk, map, dead));
    }

    /// A block that no image after this one needs.
    private void dying(long vbn) {
        if (vbn <= 0 || vbn >= root.vbnCount()) {
            error("dead VBN " + vbn + " lies outside the volume");
        } else if (!dying.add(vbn)) {
            error("dead VBN " + vbn + " is listed twice");
        }
    }

    private void compareMap(SpaceMap map, DeadList dead) {
        if (!mapWhole) {
            return;
        }
        dead.forEach(this::dying);
        for (long vbn = 1; vbn < map.size(); vbn++) {
            boolean live = reached.has(vbn);
            boolean dies = dying.has(vbn);
            if (live && dies) {
                error("dead VBN " + vbn + " is live");
            }
            boolean needed = live || dies;
            if (map.isUsed(vbn) != needed) {
                error("VBN " + vbn + (needed ? " is needed and free" : " is used by nobody"));
            }
        }
        if (map.used() != root.used()) {
            error("the root counts " + root.used() + " used, the map " + map.used());
        }
    }

    private void finish() {
        if (moreErrors > 0) {
            errors.add("and " + moreErrors + " more");
        }
        done.accept(new Report(root.cp(), blocks, List.copyOf(errors)));
    }
}
