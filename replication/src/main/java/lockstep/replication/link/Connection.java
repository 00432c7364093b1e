package lockstep.replication.link;

import lockstep.blockstore.base.VolumeId;
import lockstep.replication.wire.Message;

import java.util.UUID;

/// One transport connection that carries messages in order, but for heartbeats and their replies,
/// which may overtake what is said about volumes: a port. All calls and all events are on the core
/// loop; events never come inside a call.
public interface Connection {
    /// Who hears of this connection from now on. Nothing is delivered before the first handler is
    /// set, or lost by changing it.
    void handler(Handler handler);

    /// Sends `message`, whose buffers are lent for the call. After [#close] or a loss it does
    /// nothing: whoever must know asks the link.
    void send(VolumeId volume, Message borrowed);

    /// Bytes that were sent and have not left this node.
    long queuedBytes();

    /// Whether the queue is short enough that sending more makes sense; [Handler#writableAgain]
    /// tells when it is again.
    boolean writable();

    /// Whether the other end may call itself `node`: it has shown the key that is pinned for that
    /// node, or none is pinned and the way to it is trusted.
    boolean mayBe(UUID node);

    /// Ends the connection at once; a last message sent just before is tried to be delivered.
    /// Nothing is received afterwards; [Handler#closed] still comes.
    void close(String reason);

    /// What a connection tells.
    interface Handler {
        /// A message came; buffers in it are valid for this call. May throw
        /// [lockstep.replication.wire.ProtocolViolation], which closes the connection.
        void received(VolumeId volume, Message borrowed);

        /// [Connection#writable] has become true again.
        void writableAgain();

        /// The connection is over; comes exactly once and last.
        void closed(String reason);
    }
}
