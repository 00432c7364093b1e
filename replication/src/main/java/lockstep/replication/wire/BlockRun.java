package lockstep.replication.wire;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

import java.nio.ByteBuffer;

/// The contents of blocks `vbn`, `vbn + 1`, … one after the other (lent, see [Message]).
public record BlockRun(long vbn, ByteBuffer contents) {
    public BlockRun {
        Check.that(vbn >= 0, "a block number is not negative");
        Check.that(
                contents.hasRemaining() && Blocks.isAligned(contents.remaining()),
                "a run holds whole blocks");
    }

    /// How many blocks.
    public int blocks() {
        return contents.remaining() >> Blocks.SHIFT;
    }
}
