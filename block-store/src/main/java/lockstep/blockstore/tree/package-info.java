/// Trees of pointers: a LUN, and the system files of a volume, map block indices to block pointers.
///
/// Entrance: [lockstep.blockstore.tree.TreeReader] to look up,
/// [lockstep.blockstore.tree.TreeEditor] to change by copy-on-write within a consistency point,
/// [lockstep.blockstore.tree.TreeWalk] to visit what was born since another one. Invariants: 3
/// (each block reachable exactly once, checksum holds). Threads: the volume's loop. Imports: block,
/// io, base.
@NullMarked
package lockstep.blockstore.tree;

import org.jspecify.annotations.NullMarked;
