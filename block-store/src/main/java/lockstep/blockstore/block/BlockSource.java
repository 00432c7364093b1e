package lockstep.blockstore.block;

import java.nio.ByteBuffer;
import java.util.List;

/// Where blocks are read from: verified, and healed where that is possible.
public interface BlockSource {
    /// Takes the end of a read.
    @FunctionalInterface
    interface ReadHandler {
        /// `readable` is false if neither the block nor its stripe gave content with the right
        /// checksum.
        void ended(boolean readable);
    }

    /// Takes the end of a read of several blocks.
    @FunctionalInterface
    interface RunHandler {
        /// `readable.get(i)` says of block `i` what [ReadHandler#ended] would.
        void ended(List<Boolean> readable);
    }

    /// Fills `into` (4096 bytes, lent) with the block at `vbn`, whose content has checksum `crc`.
    void read(long vbn, int crc, ByteBuffer into, ReadHandler done);

    /// As [#read], for blocks `vbn`, `vbn + 1`, …, one for each buffer in `into`, with one request
    /// to the disk where they lie side by side.
    void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done);
}
