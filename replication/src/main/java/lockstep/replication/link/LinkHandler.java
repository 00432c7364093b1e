package lockstep.replication.link;

import lockstep.blockstore.base.VolumeId;
import lockstep.replication.wire.VolumeMessage;

/// What one peer's link tells. On the core loop; the order is `up`, then any of the others, then
/// `lost`, and again.
public interface LinkHandler {
    /// Both sides have agreed; `link` may be used from inside this call on.
    void up(PeerLink link);

    /// A message for `volume` came; buffers in it are valid for this call. May throw
    /// [lockstep.replication.wire.ProtocolViolation], which closes the link.
    void received(PeerLink link, VolumeId volume, VolumeMessage borrowed);

    /// [PeerLink#writable] has become true again.
    void writable(PeerLink link);

    /// The link is over. Nothing that was under way on it will arrive any more.
    void lost(PeerLink link, String reason);

    /// Milliseconds of lease to grant to the peer now; 0 to grant none, for instance because a
    /// takeover is being prepared.
    int leaseMillisToGrant();

    /// The peer granted a lease: [PeerLink#leaseUntilNanos] has grown.
    void leaseGranted(PeerLink link);
}
