/// RAID-4 groups as one space of volume block numbers that verifies and heals every block by
/// itself.
///
/// Entrance: [lockstep.blockstore.raid.VbnSpace]. Invariants: 1, 2 (no block with a wrong checksum
/// is handed out), 3 (after a CP each stripe's parity is right). Threads: the volume's event loop
/// only. Imports: disk, io, base.
@NullMarked
package lockstep.blockstore.raid;

import org.jspecify.annotations.NullMarked;
