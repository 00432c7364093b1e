package lockstep.replication.role;

import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.blockstore.volume.VolumeOpening;

import org.jspecify.annotations.Nullable;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// How a copy goes from one role to another while the node runs: nothing of the old one touches the
/// disks when the new one begins.
final class RoleChange {
    private final Replica replica;

    RoleChange(Replica replica) {
        this.replica = replica;
    }

    /// An active copy becomes the mirror of the partner, whose epoch is `theirs`: nothing older is
    /// taken from now on, and an epoch that was only noted here is void. What only this copy has
    /// stays until it is kept aside ([FallingOut]).
    void demote(String why, Epoch theirs) {
        demote(why, state -> state.promising(theirs));
    }

    /// The same on the operator's word, whatever has been promised here by then.
    void discard(String why) {
        demote(why, state -> state);
    }

    private void demote(String why, UnaryOperator<CopyState> promise) {
        ActiveVolume active = replica.active();
        replica.tell("this node is not the source any more: " + why);
        if (active == null) {
            return;
        }
        replica.become(new Opening(false));
        active.retire(
                why,
                () ->
                        replica.save(
                                state ->
                                        promise.apply(state)
                                                .as(
                                                        CopyState.Role.MIRROR,
                                                        CopyState.Sync.OUT_OF_SYNC),
                                this::mirrorOfOwn));
    }

    // Whatever the active copy was recording is durable by now.
    private void mirrorOfOwn() {
        replica.reopen();
        replica.activeChanged();
        MirrorRole mirror = new MirrorRole(replica, null);
        MirrorVolume.demoted(replica.copy(), mirror, opened(mirror));
    }

    /// An active copy at rest, equal to its mirror, becomes the mirror of that. Hosts keep their
    /// sessions: everything they sent is answered.
    void handOver(Switchover move) {
        ActiveVolume active = replica.active();
        if (active == null) {
            return;
        }
        replica.become(new Opening(true));
        // A read that is still under way must not be answered when the partner takes writes.
        active.guardReads(() -> false);
        active.retire(
                "the volume moves to its partner",
                () ->
                        replica.save(
                                state ->
                                        state.promising(state.promised().next(state.peer()))
                                                .as(CopyState.Role.MIRROR, CopyState.Sync.IN_SYNC),
                                () -> mirrorOf(move)));
    }

    private void mirrorOf(Switchover move) {
        replica.reopen();
        move.handedOver();
        MirrorRole mirror = new MirrorRole(replica, move);
        MirrorVolume.handedOver(replica.copy(), mirror, opened(mirror));
    }

    /// Nothing touches the disks of `mirror` any more.
    void retire(MirrorRole mirror, Consumer<@Nullable Refusal> done) {
        mirror.retire(
                refusal -> {
                    if (refusal == null) {
                        replica.become(new Stopped(replica, "this mirror copy is deleted", null));
                    }
                    done.accept(refusal);
                });
    }

    /// A mirror becomes active with the entries that it holds; `opened` says in which epoch.
    void promote(
            VolumeOpening.Entries entries,
            BiConsumer<SourceRole, ActiveVolume> opened,
            Consumer<@Nullable Refusal> done) {
        replica.reopen();
        SourceRole source = new SourceRole(replica);
        VolumeOpening.open(
                replica.copy(),
                entries,
                source,
                new VolumeOpening.Handler() {
                    @Override
                    public void opened(ActiveVolume volume) {
                        replica.become(source);
                        opened.accept(source, volume);
                        done.accept(null);
                    }

                    @Override
                    public void refused(String reason) {
                        replica.stopped(reason);
                        done.accept(Refusal.takeoverFailed(reason));
                    }
                });
    }

    /// Opens the copy as what its hosts use.
    void openActive() {
        SourceRole source = new SourceRole(replica);
        VolumeOpening.open(
                replica.copy(),
                source,
                new VolumeOpening.Handler() {
                    @Override
                    public void opened(ActiveVolume volume) {
                        replica.become(source);
                        source.openedAtStart(volume);
                        replica.caughtUp();
                    }

                    @Override
                    public void refused(String reason) {
                        replica.stopped(reason);
                    }
                });
    }

    /// Opens the copy as the mirror of another.
    void openMirror() {
        MirrorRole mirror = new MirrorRole(replica, null);
        MirrorVolume.open(replica.copy(), mirror, opened(mirror));
    }

    private MirrorVolume.Handler opened(MirrorRole mirror) {
        return new MirrorVolume.Handler() {
            @Override
            public void opened(MirrorVolume volume) {
                replica.become(mirror);
                mirror.opened(volume);
                replica.caughtUp();
            }

            @Override
            public void refused(String reason) {
                replica.stopped(reason);
            }
        };
    }
}
