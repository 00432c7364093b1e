package lockstep.blockstore.cp;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.io.EventLoop;

/// What a consistency point works on: one volume's space and the memory images of its maps. All
/// owned by the volume; the consistency point under way is the only one that changes them. One
/// consistency point drains about `drainBlocks` blocks of what was deleted. `tally` counts what
/// they write.
public record CpContext(
        EventLoop loop,
        BlockPool pool,
        BlockSpace space,
        BlockReader reader,
        SpaceMap map,
        SpacePages pages,
        Allocator allocator,
        DeadList dead,
        Pins pins,
        long drainBlocks,
        CpTally tally) {
    /// The volume has `vbns` VBNs from the consistency point on that is about to begin.
    public void grow(long vbns) {
        map.grow(vbns);
        allocator.grow(space.stripeSets(), vbns);
    }
}
