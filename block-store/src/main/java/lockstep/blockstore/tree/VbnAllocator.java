package lockstep.blockstore.tree;

import lockstep.blockstore.block.BlockPointer;

import java.util.function.Consumer;

/// Where an editor gets room from, and whom it tells what its copies replace.
public interface VbnAllocator {
    /// Sets `blocks` VBNs aside for as many calls of [#allocate], then calls `done`, inside the
    /// call or later: with false if what is needed to find them cannot be read from any disk.
    void prepare(long blocks, Consumer<Boolean> done);

    /// A free VBN, allocated by this call, of those that were set aside.
    long allocate();

    /// The block at `replaced` is not reachable any more from the consistency point being built.
    void died(BlockPointer replaced);
}
