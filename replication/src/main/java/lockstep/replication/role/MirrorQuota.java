package lockstep.replication.role;

import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.wire.ClaimedRole;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

/// What this node keeps of its log for one mirror, which its source has to be told on each link,
/// once it has said that it is one: whoever is told it earlier does not keep it. Until a source was
/// told it is not held to it.
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

    /// Tells it, if there is a source and it is known.
    void tell(@Nullable MirrorVolume volume) {
        VolumeMessage.CopyStatus heard = replica.heard();
        boolean toSource = heard != null && heard.role() == ClaimedRole.SOURCE;
        if (volume != null && toSource && bytes > 0) {
            volume.allowance().tell(bytes);
            replica.send(new VolumeMessage.LogQuota(bytes));
        }
    }
}
