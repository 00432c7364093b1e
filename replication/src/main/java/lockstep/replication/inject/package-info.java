/// Faults on request at the link's port: see [lockstep.blockstore.inject.FaultPlan], which decides
/// when they happen.
///
/// Entrance: [lockstep.replication.inject.FaultyLinks]. Invariants: those of the link hold under
/// every fault: what a connection loses, it loses to its end, so no message comes after one that
/// was lost. Threads: the core loop. Imports: wire, link, block-store inject, base and io.
@NullMarked
package lockstep.replication.inject;

import org.jspecify.annotations.NullMarked;
