/// Whom a node trusts: its key, the keys pinned for its peers, and how two nodes come to pin each
/// other's by a short code.
///
/// Entrances: [lockstep.replication.trust.NodeKey], [lockstep.replication.trust.Pins],
/// [lockstep.replication.trust.Invitation]. Invariants: 10, and these: a key is pinned only for who
/// has proved to know a code that was given out here, once and in time; a code never leaves this
/// package but to be shown to the operator. Threads: everything here is a value or belongs to the
/// core loop; nothing does I/O. Imports: wire and block-store base. The handshakes are in
/// `link.netty`, the files in the target.
@NullMarked
package lockstep.replication.trust;

import org.jspecify.annotations.NullMarked;
