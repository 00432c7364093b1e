/// The link to a peer: made, watched by heartbeats, noticed when lost, made again; at most one per
/// peer at any time.
///
/// Entrance: [lockstep.replication.link.LinkHub]. Invariants: 10, and these of the link: a link is
/// told up only after both sides named themselves; what a connection carried is never delivered
/// after `lost` of its link, nor before the `lost` of the link before it; a link without a round
/// trip for the loss time is closed, whatever arrives on it. Threads: everything on the node's core
/// loop; time comes from its clock. Imports: wire, block-store base and io. Real connections are in
/// `link.netty`, simulated ones in the test-jar.
@NullMarked
package lockstep.replication.link;

import org.jspecify.annotations.NullMarked;
