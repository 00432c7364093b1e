/// Blocks as a volume sees them: pointers, the cache, and reads that are verified on the way.
///
/// Entrance: [lockstep.blockstore.block.BlockReader]. Invariants: 2 (never a block whose checksum
/// is wrong); a cached block never goes stale, because its key holds its birth. Threads: the
/// volume's loop. Imports: raid, io, base.
@NullMarked
package lockstep.blockstore.block;

import org.jspecify.annotations.NullMarked;
