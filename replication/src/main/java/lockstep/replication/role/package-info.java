/// Which role a node's copy of a volume has, and how that changes: source, mirror, takeover,
/// return.
///
/// Entrance: [lockstep.replication.role.Replica]. Invariants: 5 (in one epoch at most one node
/// acknowledges writes; epochs only grow), 6 (a mirror that may lack acknowledged writes is never
/// activated without force), 7 (the mirror holds one whole image). Threads: the core loop. Imports:
/// block-store, source, wire, link.
@NullMarked
package lockstep.replication.role;

import org.jspecify.annotations.NullMarked;
