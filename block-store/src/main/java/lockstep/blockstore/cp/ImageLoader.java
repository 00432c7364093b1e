package lockstep.blockstore.cp;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.tree.TreeReader;
import lockstep.blockstore.tree.TreeRoot;
import lockstep.blockstore.tree.TreeWalk;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Brings the system files of a committed image into memory: state file, space map, dead list.
public final class ImageLoader {
    /// Takes an image, or the reason why it cannot be read.
    public interface Handler {
        /// All is in memory.
        void loaded(StateFile state, SpaceMap map, DeadList dead);

        /// A block of a system file cannot be read from any disk.
        void lost(String what);
    }

    private final VolumeRoot root;
    private final BlockReader reader;
    private final BlockPool pool;
    private final Handler handler;
    private final SpaceMap map;
    private final DeadList dead = new DeadList();
    private StateFile state = StateFile.empty();

    private ImageLoader(VolumeRoot root, BlockReader reader, BlockPool pool, Handler handler) {
        this.root = root;
        this.reader = reader;
        this.pool = pool;
        this.handler = handler;
        this.map = new SpaceMap(root.vbnCount());
    }

    /// Loads the image of `root`.
    public static void load(VolumeRoot root, BlockReader reader, BlockPool pool, Handler handler) {
        new ImageLoader(root, reader, pool, handler).loadState();
    }

    private void loadState() {
        int blocks = Math.toIntExact(Blocks.roundUp(root.stateBytes()));
        if (blocks == 0) {
            loadMap();
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocate(blocks * Blocks.SIZE);
        readFile(
                root.state(),
                blocks,
                "the state file",
                (index, block) -> {
                    if (block != null) {
                        bytes.put(Math.toIntExact(index) * Blocks.SIZE, block, 0, Blocks.SIZE);
                    }
                    return true;
                },
                () -> {
                    bytes.limit(Math.toIntExact(root.stateBytes()));
                    StateFile decoded = StateFile.decode(bytes);
                    if (decoded == null) {
                        handler.lost("the state file is of an unknown version");
                        return;
                    }
                    state = decoded;
                    loadMap();
                });
    }

    private void loadMap() {
        if (root.space().top().isHole()) {
            // Nothing was ever committed: memory is right, and the first commit writes all of it.
            map.allChanged();
            handler.loaded(state, map, dead);
            return;
        }
        readFile(
                root.space(),
                SpaceMap.mapBlocks(root.vbnCount()),
                "the space map",
                (index, block) -> {
                    if (block != null) {
                        map.read(Math.toIntExact(index), block);
                    }
                    return block != null;
                },
                () -> {
                    map.settle();
                    loadDead(new TreeWalk(root.dead(), CpId.NONE, reader, pool));
                });
    }

    private void loadDead(TreeWalk walk) {
        walk.next(
                new TreeWalk.Visitor() {
                    @Override
                    public void block(BlockPointer pointer, int level, long index) {
                        if (level >= 0) {
                            loadDead(walk);
                            return;
                        }
                        reader.read(pointer, block -> deadBlock(walk, index, block));
                    }

                    @Override
                    public void ended() {
                        handler.loaded(state, map, dead);
                    }

                    @Override
                    public void lost(BlockPointer pointer) {
                        handler.lost("the dead list");
                    }
                });
    }

    private void deadBlock(TreeWalk walk, long index, @Nullable ByteBuffer block) {
        if (block == null || !dead.read(index, block)) {
            handler.lost("the dead list");
        } else {
            loadDead(walk);
        }
    }

    private interface FileBlock {
        /// Takes a block of a file (null: a hole). Returns whether it makes sense.
        boolean take(long index, @Nullable ByteBuffer borrowed);
    }

    private void readFile(
            TreeRoot tree, long blocks, String what, FileBlock consumer, Runnable done) {
        new TreeReader(reader)
                .find(
                        tree,
                        0,
                        Math.toIntExact(blocks),
                        pointers -> {
                            if (pointers == null) {
                                handler.lost(what);
                            } else {
                                readBlocks(pointers, 0, what, consumer, done);
                            }
                        });
    }

    private void readBlocks(
            BlockPointer[] pointers, int from, String what, FileBlock consumer, Runnable done) {
        for (int at = from; at < pointers.length; at++) {
            BlockPointer pointer = pointers[at];
            ByteBuffer known = pointer.isHole() ? null : reader.cached(pointer);
            if (!pointer.isHole() && known == null) {
                int index = at;
                reader.read(
                        pointer,
                        block -> {
                            if (block == null || !consumer.take(index, block)) {
                                handler.lost(what);
                            } else {
                                readBlocks(pointers, index + 1, what, consumer, done);
                            }
                        });
                return;
            }
            if (!consumer.take(at, known)) {
                handler.lost(what);
                return;
            }
        }
        done.run();
    }
}
