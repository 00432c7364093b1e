package lockstep.replication.role;

import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.ProtocolVersion;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

/// What this node keeps of its log for one mirror, which its source has to be told on each link. A
/// source that cannot hear of it is not held to it.
final class MirrorQuota {
    private final Replica replica;
    private long bytes;

    MirrorQuota(Replica replica) {
        this.replica = replica;
    }

    /// It is `newBytes` from now on; `volume` is the mirror, if it is open.
    void set(long newBytes, @Nullable MirrorVolume volume) {
        if (newBytes != bytes) {
            bytes = newBytes;
            tell(volume);
        }
    }

    /// Tells it, if there is a link and it is known.
    void tell(@Nullable MirrorVolume volume) {
        PeerLink link = replica.link();
        boolean hears = link != null && link.version().compareTo(ProtocolVersion.V2) >= 0;
        if (volume != null && hears && bytes > 0) {
            volume.allowance().tell(bytes);
            replica.send(new VolumeMessage.LogQuota(bytes));
        }
    }
}
