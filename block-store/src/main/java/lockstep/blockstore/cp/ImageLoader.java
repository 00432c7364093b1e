package lockstep.blockstore.cp;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.tree.TreeWalk;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Brings the system files of a committed image into memory: state file and dead list. Of the space
/// map nothing is read yet: its pages come when they are needed.
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
        this.map = new SpaceMap(root.vbnCount(), root.used());
    }

    /// Loads the image of `root`.
    public static void load(VolumeRoot root, BlockReader reader, BlockPool pool, Handler handler) {
        new ImageLoader(root, reader, pool, handler).loadState();
    }

    private void loadState() {
        StateLoader.load(
                root,
                reader,
                new StateLoader.Handler() {
                    @Override
                    public void loaded(StateFile file) {
                        state = file;
                        loadDead(new TreeWalk(root.dead(), CpId.NONE, reader, pool));
                    }

                    @Override
                    public void lost(String what) {
                        handler.lost(what);
                    }
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
}
