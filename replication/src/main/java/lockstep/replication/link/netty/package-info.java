/// Real connections: TCP by Netty, on the event loop that is the core loop of the node.
///
/// Entrance: [lockstep.replication.link.netty.PeerListener] and
/// [lockstep.replication.link.netty.PeerDialer]. Invariants: 10 — what a stranger sends costs at
/// most a few hundred bytes and its own connection. Threads: one Netty event loop, given from
/// outside. Imports: link, wire, Netty.
@NullMarked
package lockstep.replication.link.netty;

import org.jspecify.annotations.NullMarked;
