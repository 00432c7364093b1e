/// The admin API: HTTP and JSON on a Unix socket that only the owner may open, or on loopback TCP.
///
/// Entrance: [lockstep.target.admin.AdminServer]. Invariants: none of the store's; nothing changes
/// without passing [lockstep.target.admin.NodeControl]. Threads: each request has a virtual thread,
/// which waits there for what the node's loops do; no loop ever waits for it. Imports: base and io
/// of block-store.
@NullMarked
package lockstep.target.admin;

import org.jspecify.annotations.NullMarked;
