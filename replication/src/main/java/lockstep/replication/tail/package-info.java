/// The writes that only an old source had, kept aside when it becomes the mirror of its partner:
/// how they stand in a file ([lockstep.replication.tail.TailFormat]), and who makes the file
/// ([lockstep.replication.tail.TailStore], implemented by the node).
///
/// Entrance: [lockstep.replication.tail.TailWriter]. Invariants: nothing of a divergent tail is
/// merged or dropped in silence. Threads: the core loop; the format may be read anywhere. Imports:
/// block-store.
@NullMarked
package lockstep.replication.tail;

import org.jspecify.annotations.NullMarked;
