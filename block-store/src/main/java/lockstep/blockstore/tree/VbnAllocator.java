package lockstep.blockstore.tree;

import lockstep.blockstore.block.BlockPointer;

/// Where an editor gets room from, and whom it tells what its copies replace.
public interface VbnAllocator {
    /// A free VBN, allocated by this call. Room was reserved before, so there always is one.
    long allocate();

    /// The block at `replaced` is not reachable any more from the consistency point being built.
    void died(BlockPointer replaced);
}
