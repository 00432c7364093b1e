/// Speaks to a node's admin API from the command line.
///
/// Entrance: [lockstep.cli.client.AdminClient]. Invariants: none of the store's; what a node
/// refused is never taken for done. Threads: the caller's. Imports: lockstep.target's admin model.
@NullMarked
package lockstep.cli.client;

import org.jspecify.annotations.NullMarked;
