package lockstep.replication.wire;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.block.BlockPatch;

import java.nio.ByteBuffer;

/// Block `vbn`, whose checksum is `crc`, has the content of block `baseVbn` of the image before,
/// whose checksum is `baseCrc`, with `patch` (lent, see [Message]; a [BlockPatch]) applied.
public record BlockChange(long vbn, int crc, long baseVbn, int baseCrc, ByteBuffer patch) {
    public BlockChange {
        Check.that(vbn >= 0 && baseVbn >= 0, "a block number is not negative");
        Check.that(patch.remaining() <= BlockPatch.MAX_BYTES, "a patch is short");
    }
}
