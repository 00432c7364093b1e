/// Faults on request: what a test or an operator sets on a node that was started for it, and the
/// wrappers of the ports that make them happen.
///
/// Entrance: [lockstep.blockstore.inject.FaultPlan]. A node that was not started for it has no plan
/// and no wrapper, so the path of data is the same as without this package. Invariants: none of its
/// own; what is injected is what a port may do by its own description, so every other invariant has
/// to hold under it. Threads: the core loop. Imports: block, io, base.
@NullMarked
package lockstep.blockstore.inject;

import org.jspecify.annotations.NullMarked;
