package lockstep.replication.role;

import lockstep.blockstore.base.Epoch;
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
        Epoch before = replica.copy().state().promised();
        if (!isAbove(m.epoch(), before)) {
            replica.send(new VolumeMessage.Fenced(before));
            return;
        }
        PeerLink asking = replica.link();
        replica.save(
                state -> isAbove(m.epoch(), state.promised()) ? state.promising(m.epoch()) : state,
                () -> {
                    if (asking == null || !asking.equals(replica.link()) || isFenced(m.epoch())) {
                        return;
                    }
                    granted = m.epoch();
                    replica.send(
                            new VolumeMessage.EpochPromised(
                                    m.epoch(), volume.end(), volume.image()));
                });
    }

    private static boolean isAbove(Epoch epoch, Epoch promised) {
        return epoch.compareTo(promised) > 0 && !epoch.diverges(promised);
    }
}
