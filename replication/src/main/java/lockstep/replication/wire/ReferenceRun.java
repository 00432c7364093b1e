package lockstep.replication.wire;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

/// Blocks `vbn`, `vbn + 1`, … (`blocks` of them) have the contents that stand at byte `offset`,
/// `offset + 4096`, … of the data of log entry `sequence`.
public record ReferenceRun(long vbn, int blocks, long sequence, int offset) {
    public ReferenceRun {
        Check.that(vbn >= 0 && blocks > 0, "a run has blocks");
        Check.that(sequence >= 0 && offset >= 0, "a run refers to a place in an entry");
    }

    /// Whether the block `nextVbn` at `nextOffset` of entry `nextSequence` goes on where this run
    /// ends, so that one run can hold both.
    public boolean continuesWith(long nextVbn, long nextSequence, int nextOffset) {
        return nextVbn == vbn + blocks
                && nextSequence == sequence
                && nextOffset == offset + Blocks.toBytes(blocks);
    }

    /// This run and one block more.
    public ReferenceRun extended() {
        return new ReferenceRun(vbn, blocks + 1, sequence, offset);
    }
}
