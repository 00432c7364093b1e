/// Disks that carry labels and know which volume, group and slot they belong to; records that stand
/// on every member; who is a member, who is rebuilt, who waits as a spare, and who takes too long.
///
/// Entrance: [lockstep.blockstore.disk.VolumeDisks]. Invariants: 1 (a record counts as written only
/// when it is flushed on every live member, and a member that left is named in the labels of the
/// others before that; a disk that is rebuilt is trusted only as far as it was flushed). Threads:
/// the volume's event loop only. Imports: io, base.
@NullMarked
package lockstep.blockstore.disk;

import org.jspecify.annotations.NullMarked;
