/// The consistency point: how a volume steps atomically from one on-disk image to the next.
///
/// Entrance: [lockstep.blockstore.cp.ConsistencyPoint]. Invariants: 3 (after every CP each
/// reachable block is allocated exactly once, each other one is free), 9 (used + free = size).
/// Threads: the volume's loop. Imports: tree, block, log, io, base.
@NullMarked
package lockstep.blockstore.cp;

import org.jspecify.annotations.NullMarked;
