/// Mirroring of volumes between nodes: the link and its wire format, what a source sends, and which
/// role each copy has. This package holds no code; the rooms below it do.
///
/// Entrance: [lockstep.replication.role.Replica]. Invariants: 1, 4, 5, 6 and 7, each kept in the
/// room that names it. Threads: the core loop. Imports: block-store, and below `link.netty` Netty.
@NullMarked
package lockstep.replication;

import org.jspecify.annotations.NullMarked;
