package lockstep.replication.role;

import lockstep.blockstore.base.VolumeId;
import lockstep.replication.link.LinkHandler;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.UUID;

/// One peer's link, for all copies here that are paired with it. A message reaches only the copy of
/// the volume that it names, and only if that one is paired with who sent it.
public final class PeerReplicas implements LinkHandler {
    /// What it asks of, and tells, the node.
    public interface Copies {
        /// All copies that are paired with `peer`.
        List<Replica> pairedWith(UUID peer);

        /// The copy of `volume`; null if there is none, or if it is not paired with `peer`.
        @Nullable Replica find(UUID peer, VolumeId volume);

        /// The link has come up, or is lost; for people.
        void event(PeerLink link, String text);
    }

    private final UUID peer;
    private final Copies copies;
    private final int leaseMillis;

    /// `leaseMillis` is granted while every mirror stays one.
    public PeerReplicas(UUID peer, Copies copies, int leaseMillis) {
        this.peer = peer;
        this.copies = copies;
        this.leaseMillis = leaseMillis;
    }

    @Override
    public void up(PeerLink link) {
        copies.event(link, "the link is up");
        copies.pairedWith(peer).forEach(replica -> replica.linkUp(link));
    }

    @Override
    public void received(PeerLink link, VolumeId volume, VolumeMessage borrowed) {
        Replica replica = copies.find(peer, volume);
        if (replica != null) {
            replica.received(borrowed);
        } else if (!(borrowed instanceof VolumeMessage.VolumeUnknown)) {
            link.send(volume, new VolumeMessage.VolumeUnknown());
        }
    }

    @Override
    public void writable(PeerLink link) {
        copies.pairedWith(peer).forEach(Replica::writable);
    }

    @Override
    public void lost(PeerLink link, String reason) {
        copies.event(link, "the link is lost: " + reason);
        copies.pairedWith(peer).forEach(replica -> replica.linkLost(link, reason));
    }

    // One lease covers all volumes of the link: it is granted while every mirror here stays one.
    @Override
    public int leaseMillisToGrant() {
        boolean mirrors = false;
        for (Replica replica : copies.pairedWith(peer)) {
            if (replica.forbidsLease()) {
                return 0;
            }
            mirrors |= replica.grantsLease();
        }
        return mirrors ? leaseMillis : 0;
    }

    @Override
    public void leaseGranted(PeerLink link) {}
}
