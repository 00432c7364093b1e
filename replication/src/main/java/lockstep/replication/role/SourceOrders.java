package lockstep.replication.role;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// What an operator can ask of a source. Each is refused where it would not do what it says.
final class SourceOrders {
    private final Replica replica;
    private final SourceRole source;
    private @Nullable Switchover move;

    SourceOrders(Replica replica, SourceRole source) {
        this.replica = replica;
        this.source = source;
    }

    /// The volume moves to the partner, which lacks nothing.
    void switchOver(SwitchedOver done) {
        ActiveVolume active = source.active();
        Switchover before = move;
        boolean busy = before != null && !before.isOver();
        Refusal doubt = source.doubt();
        if (doubt != null) {
            done.ended(doubt, 0);
            return;
        }
        if (active == null || source.state() != RoleState.IN_SYNC || busy) {
            done.ended(Refusal.NOT_IN_SYNC, 0);
            return;
        }
        Switchover next = new Switchover(replica, active, source::doubt, done);
        move = next;
        next.begin();
    }

    /// The link is lost or the volume has stopped: a switchover does not go on.
    void broken(String why) {
        if (move != null) {
            move.broken(why);
        }
    }

    void detach(Consumer<@Nullable Refusal> done) {
        ActiveVolume active = source.active();
        Exposure exposure = source.exposure();
        if (active == null
                || exposure == null
                || exposure.isDeciding()
                || active.service() != ActiveVolume.Service.SUSPENDED) {
            done.accept(
                    new Refusal(
                            "the volume is not held up by its mirror",
                            "detach is for a source that is SUSPENDED"));
            return;
        }
        exposure.detach(() -> done.accept(null));
    }

    /// Compares everything on both nodes.
    void verify(Compared done) {
        EqualityCheck equality = source.equality();
        if (equality == null || source.state() != RoleState.IN_SYNC) {
            done.ended(Refusal.NOT_IN_SYNC, null);
        } else {
            equality.begin(done);
        }
    }

    /// Everything is copied to the mirror anew, over a link made for it. That both copies are not
    /// taken for equal is durable first, so that no restart of either node ends the copying before
    /// both have everything. From its begin to its end the mirror has no image.
    void resyncAll(Consumer<@Nullable Refusal> done) {
        ActiveVolume active = source.active();
        PeerLink link = replica.link();
        Exposure exposure = source.exposure();
        Refusal refusal = noCopying(active, link);
        if (refusal != null || active == null || link == null || exposure == null) {
            done.accept(refusal);
            return;
        }
        exposure.decide(
                CopyState::differing,
                () -> {
                    replica.tell("everything is copied to the mirror anew: the operator wants it");
                    replica.send(new VolumeMessage.Detached(active.epoch()));
                    link.close("everything is copied anew");
                    done.accept(null);
                });
    }

    private @Nullable Refusal noCopying(@Nullable ActiveVolume active, @Nullable PeerLink link) {
        if (source.isStandalone()) {
            return new Refusal("the volume is in no pair", "there is no mirror to copy it to");
        }
        if (active == null || !isTaking(active) || source.state() == RoleState.DIVERGED) {
            return new Refusal(
                    "the volume is not served here now",
                    "wait for what is under way, see `status`");
        }
        if (link == null) {
            return new Refusal(
                    "there is no link to the mirror",
                    "what it lacks is sent when the link is up; ask again then if it is to get"
                            + " all");
        }
        Exposure exposure = source.exposure();
        if (exposure == null || exposure.isDeciding()) {
            return new Refusal("something else is being recorded", "try again");
        }
        if (source.progress().full()) {
            return new Refusal(
                    "everything is being copied already", "wait until `status` says in-sync");
        }
        return null;
    }

    private static boolean isTaking(ActiveVolume active) {
        return switch (active.service()) {
            case SERVING, SUSPENDED -> true;
            case JOINING, HANDING_OVER, STOPPED -> false;
        };
    }

    /// Another policy.
    void policy(PairPolicy next, Outcome.Handler done) {
        Exposure exposure = source.exposure();
        if (exposure == null) {
            done.ended(new Outcome.NotServing("the volume is being opened"));
        } else {
            exposure.set(next, done);
        }
    }

    void unpair(Consumer<@Nullable Refusal> done) {
        ActiveVolume active = source.active();
        boolean usable =
                source.state() != RoleState.STOPPED && source.state() != RoleState.DIVERGED;
        if (active == null || active.service() == ActiveVolume.Service.JOINING || !usable) {
            done.accept(new Refusal("the volume is not active here", "activate it first"));
            return;
        }
        if (source.isStandalone()) {
            done.accept(new Refusal("the volume is in no pair", "there is nothing to delete"));
            return;
        }
        source.linkLost("the pair is deleted");
        replica.save(
                state -> state.as(CopyState.Role.STANDALONE, Sync.UNPAIRED).withPeer(0, ""),
                () -> unpaired(active, done));
    }

    private void unpaired(ActiveVolume active, Consumer<@Nullable Refusal> done) {
        // A mirror that hears it says from now on that it is behind: nobody takes it for current.
        replica.send(new VolumeMessage.Detached(active.epoch()));
        // The mirror may have begun to catch up while the record was being written.
        source.linkLost("the pair is deleted");
        replica.forgetLink();
        active.detach();
        active.pins().clear();
        replica.tell("the pair is deleted: this is the only copy now");
        done.accept(null);
    }

    /// Opens an epoch by the operator's word, or because there is no partner who could object. What
    /// the mirror was asked before is nothing to this epoch.
    void activateAlone(Consumer<@Nullable Refusal> done) {
        ActiveVolume active = source.active();
        Exposure exposure = source.exposure();
        if (active == null
                || exposure == null
                || active.service() != ActiveVolume.Service.JOINING) {
            done.accept(new Refusal("the volume is active already", "there is nothing to do"));
            return;
        }
        if (exposure.isDeciding()) {
            done.accept(new Refusal("the volume is being activated", "wait for it"));
            return;
        }
        source.partnerStopped("it is activated without its mirror");
        boolean standalone = source.isStandalone();
        exposure.decide(
                state ->
                        (standalone ? state.as(state.role(), Sync.UNPAIRED) : exposure.ahead(state))
                                .promising(state.promised().next(replica.self())),
                () -> {
                    source.serveAlone(replica.copy().state().promised());
                    replica.hearAgain();
                    done.accept(null);
                });
    }
}
