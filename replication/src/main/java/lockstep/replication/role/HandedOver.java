package lockstep.replication.role;

import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

/// A mirror's part in a [Switchover]: as the copy that was given away, until its new source is
/// heard, and as the one that goes on. Both are mirrors for a moment, and after a crash or a cut
/// for longer; the one whose promise names the other tells it, on every link, and nothing else can
/// open an epoch then but an operator's takeover.
final class HandedOver {
    private final Replica replica;
    private final @Nullable Switchover given;
    private final Runnable partnerIsBehind;
    private boolean sourceHeard;
    private boolean taking;

    /// `partnerIsBehind` is called when the partner says what it was before it was promised more.
    HandedOver(Replica replica, @Nullable Switchover given, Runnable partnerIsBehind) {
        this.partnerIsBehind = partnerIsBehind;
        this.replica = replica;
        this.given = given;
    }

    /// Whether this copy was given away since the node started.
    boolean isGiver() {
        return given != null;
    }

    /// Whether this copy is becoming the source.
    boolean isTaking() {
        return taking;
    }

    /// Tells the partner what it was promised, as long as it may not know. A source, or a mirror
    /// that has promised as much, does nothing about it. Returns whether it was told.
    boolean tell(MirrorVolume volume) {
        CopyState state = replica.copy().state();
        boolean partners = state.promised().node() == state.peer();
        boolean tells = !sourceHeard && partners && state.sync() == CopyState.Sync.IN_SYNC;
        if (tells) {
            replica.send(
                    new VolumeMessage.HandedOver(state.promised(), volume.end(), volume.image()));
        }
        return tells;
    }

    /// There is a source.
    void heard() {
        sourceHeard = true;
    }

    /// It is active, in the epoch promised here.
    void served() {
        sourceHeard = true;
        if (given != null) {
            given.served();
        }
    }

    /// The source has become the mirror of this copy. Whoever holds the image that it names holds
    /// everything that was ever acknowledged: nothing is, since, without this copy's own word.
    void take(MirrorVolume volume, VolumeMessage.HandedOver m) {
        CopyState state = replica.copy().state();
        Epoch epoch = m.epoch();
        if (epoch.node() != replica.self() || epoch.compareTo(state.promised()) <= 0) {
            // Who opens its copy last was not there to hear what the other had to tell.
            partnerIsBehind.run();
            return;
        }
        boolean equal =
                volume.image().equals(m.image())
                        && volume.end().sequence() == m.end().sequence()
                        && volume.receiving() == null;
        if (!equal) {
            replica.tell("the source has handed over " + m.image() + ", which is not here");
            return;
        }
        taking = true;
        PeerLink link = replica.link();
        if (link != null) {
            // Its answer brings the lease that reads will need.
            link.whenAnswered(() -> {});
        }
        replica.tell("the source has handed over, epoch " + epoch);
        replica.save(
                now -> now.promising(epoch).as(CopyState.Role.SOURCE, CopyState.Sync.IN_SYNC),
                () ->
                        replica.changes()
                                .promote(
                                        volume.handOver(),
                                        (source, active) ->
                                                source.openedBySwitchover(active, epoch, link),
                                        _ -> {}));
    }
}
