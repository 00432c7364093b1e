/// What the source of a volume sends: log entries at once, consistency points as they are built,
/// images as walks.
///
/// Entrance: [lockstep.replication.source.MirrorSender]. Invariants: 4 (the mirror at a CP id
/// equals the source at it). Threads: the core loop. Imports: block-store, wire, link.
@NullMarked
package lockstep.replication.source;

import org.jspecify.annotations.NullMarked;
