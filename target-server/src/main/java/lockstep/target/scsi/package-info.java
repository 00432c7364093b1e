/// The SCSI device: what a CDB means, which conditions end it, and what a LUN answers about itself.
///
/// Entrance: [lockstep.target.scsi.ScsiTarget]. Invariants: 2 and 10; what is advertised (opcodes,
/// VPD limits) is read from the same rows and limits that are enforced; an aborted task never
/// answers, and the function that aborted it ends only after it; no host is told of a reservation
/// that a takeover could lose. Threads: everything runs on the target's event loop, which is the
/// loop of all its LUNs. Imports: block-store base, io, volume; no Netty, no iSCSI.
@NullMarked
package lockstep.target.scsi;

import org.jspecify.annotations.NullMarked;
