package lockstep.replication.role;

import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

/// Of which epochs a mirror takes anything: none older than the highest it has promised. That, and
/// not a clock, is what fences a source that does not know yet that it is one no more.
final class MirrorFence {
    private final Replica replica;
    private @Nullable Epoch granted;

    MirrorFence(Replica replica) {
        this.replica = replica;
    }

    /// What is promised here was told on this link.
    void told() {
        granted = replica.copy().state().promised();
    }

    void linkLost() {
        granted = null;
    }

    /// Whether `epoch` is over; its source is told.
    boolean isFenced(Epoch epoch) {
        Epoch promised = replica.copy().state().promised();
        if (epoch.equals(promised)) {
            return false;
        }
        replica.send(new VolumeMessage.Fenced(promised));
        return true;
    }

    /// An image may be older than the epoch its source is active in; what counts is the epoch that
    /// this link was opened for.
    boolean isLinkFenced() {
        VolumeMessage.CopyStatus source = replica.heard();
        Epoch onLink = granted != null ? granted : source == null ? Epoch.NONE : source.promised();
        return isFenced(onLink);
    }

    /// The source asks for a promise, which is durable before it hears of it.
    void open(MirrorVolume volume, VolumeMessage.OpenEpoch m) {
        CopyState state = replica.copy().state();
        if (m.epoch().compareTo(state.promised()) <= 0 || m.epoch().diverges(state.promised())) {
            replica.send(new VolumeMessage.Fenced(state.promised()));
            return;
        }
        PeerLink asking = replica.link();
        replica.save(
                state.promising(m.epoch()),
                () -> {
                    if (asking == null || !asking.equals(replica.link())) {
                        return;
                    }
                    granted = m.epoch();
                    replica.send(
                            new VolumeMessage.EpochPromised(
                                    m.epoch(), volume.end(), volume.image()));
                });
    }
}
