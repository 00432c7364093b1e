/// The node's durable log of write commands: appended by volumes and mirrors, shared in one group
/// commit, replayed after a restart.
///
/// Entrance: [lockstep.blockstore.log.NvLog]. Invariants: 1 (what was reported durable is
/// replayed), 8 (replaying twice gives the same entries), 10 (no bytes on the device or from a peer
/// do more than be refused). Threads: everything on the node's event loop. Imports: io, base.
@NullMarked
package lockstep.blockstore.log;

import org.jspecify.annotations.NullMarked;
