/// A node's copy of a volume: active, serving LUNs, or the mirror of a volume that is active
/// elsewhere.
///
/// Entrance: [lockstep.blockstore.volume.VolumeCopy]. Invariants: 1 and 2 (the gate lets an answer
/// out only when what it depends on is durable on every leg), 5 (a copy serves only in the epoch it
/// opened), 7 (the mirror's image changes only by a whole consistency point). Threads: the volume's
/// loop. Imports: cp, tree, block, log, io, base.
@NullMarked
package lockstep.blockstore.volume;

import org.jspecify.annotations.NullMarked;
