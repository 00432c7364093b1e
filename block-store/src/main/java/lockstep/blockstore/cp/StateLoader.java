package lockstep.blockstore.cp;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.block.BlockReader;

import java.nio.ByteBuffer;

/// Reads the state file of a committed image, and nothing else of it.
public final class StateLoader {
    /// Takes the file, or the reason why it cannot be read.
    public interface Handler {
        /// It is whole.
        void loaded(StateFile state);

        /// It cannot be read from any disk, or makes no sense.
        void lost(String what);
    }

    private StateLoader() {}

    /// Loads the state file of the image of `root`.
    public static void load(VolumeRoot root, BlockReader reader, Handler handler) {
        int blocks = Math.toIntExact(Blocks.roundUp(root.stateBytes()));
        if (blocks == 0) {
            handler.loaded(StateFile.empty());
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocate(blocks * Blocks.SIZE);
        SystemFileReader.read(
                reader,
                root.state(),
                blocks,
                (index, block) -> {
                    if (block != null) {
                        bytes.put(Math.toIntExact(index) * Blocks.SIZE, block, 0, Blocks.SIZE);
                    }
                    return true;
                },
                whole -> {
                    bytes.limit(Math.toIntExact(root.stateBytes()));
                    StateFile decoded = whole ? StateFile.decode(bytes) : null;
                    if (decoded != null) {
                        handler.loaded(decoded);
                    } else {
                        handler.lost(
                                whole
                                        ? "the state file is of an unknown version"
                                        : "the state file");
                    }
                });
    }
}
