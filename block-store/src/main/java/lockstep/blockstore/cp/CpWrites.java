package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.tree.VbnAllocator;

/// What a stage of a consistency point writes with: its id, where VBNs come from and where blocks
/// of system files go when they die, and what gathers the blocks.
record CpWrites(CpId cp, VbnAllocator allocator, CpOutput output) {}
