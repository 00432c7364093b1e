/// The node: its configuration, and what puts all rooms together and owns their lifetimes.
///
/// Entrance: [lockstep.target.NodeConfig], which says what a node is. Invariants: none of the
/// store's; a configuration with an unknown or wrong key never starts a node. Threads: start and
/// stop on the main thread, all else on loops. Imports: every room of this module, replication,
/// block-store.
@NullMarked
package lockstep.target;

import org.jspecify.annotations.NullMarked;
