package lockstep.replication.link;

import lockstep.blockstore.base.VolumeId;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.ProtocolVersion;
import lockstep.replication.wire.VolumeMessage;

/// The link to a peer while it is up: one incarnation, from [LinkHandler#up] to [LinkHandler#lost].
/// A new one is another object.
public interface PeerLink {
    /// Who is at the other end.
    NodeIdentity peer();

    /// What both sides speak.
    ProtocolVersion version();

    /// Whether both sides know what came with `wanted`.
    default boolean speaks(ProtocolVersion wanted) {
        return version().compareTo(wanted) >= 0;
    }

    /// Sends to the peer's side of `volume`, in order. Buffers in the message are lent for the
    /// call. Does nothing once the link is closing: `lost` follows.
    void send(VolumeId volume, VolumeMessage borrowed);

    /// Bytes that were sent and have not left this node.
    long queuedBytes();

    /// Whether sending more bulk makes sense now; [LinkHandler#writable] tells when it does again.
    /// Small messages may be sent all the same.
    boolean writable();

    /// Ends the link, for instance because the peer said something impossible; `lost` follows and
    /// it is made again.
    void close(String reason);

    /// Asks the peer for a sign of life: `answered` is called when it has answered a message that
    /// left after this call. If the link is lost first, or is closing, it is never called.
    void whenAnswered(Runnable answered);

    /// Until when, on this node's clock, the peer has promised not to serve what this node is
    /// active on. Counted from when this node asked, so the peer's promise ends later.
    /// [Long#MIN_VALUE] when nothing was granted.
    long leaseUntilNanos();
}
