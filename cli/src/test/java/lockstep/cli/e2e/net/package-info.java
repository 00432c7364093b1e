/// A pair whose nodes and hosts live in network namespaces of their own, and what may happen to the
/// wires between them.
///
/// Entrance: [lockstep.cli.e2e.net.PartitionTest]. Invariants: checks 1, 2, 5 and 6 from outside.
/// Threads: each lane's own, inside the hosts' namespace. Imports: e2e, demo, verify, client.
@NullMarked
package lockstep.cli.e2e.net;

import org.jspecify.annotations.NullMarked;
