/// What two nodes say to each other, and how it looks as bytes. `PROTOCOL.md` at the root of this
/// module draws the frames and walks the conversations.
///
/// Entrance: [lockstep.replication.wire.MessageCodec]. Invariants: 10 — every length, count and
/// block number is checked before anything is allocated or kept; whatever a peer sends either
/// becomes a [lockstep.replication.wire.Message] or ends in a
/// [lockstep.replication.wire.ProtocolViolation], never in anything else. Threads: immutable values
/// and pure functions; buffers inside messages are lent. Imports: block-store base.
@NullMarked
package lockstep.replication.wire;

import org.jspecify.annotations.NullMarked;
