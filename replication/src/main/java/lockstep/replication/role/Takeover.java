package lockstep.replication.role;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.link.PeerLink;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// The mirror becomes the active copy because its source is lost.
///
/// The order is what makes it safe. JUDGING changes nothing. A link that is still up says little of
/// its source: the end of a killed process may be heard of later than the operator who killed it.
/// So the source is asked, and the takeover is refused only if it answers; if the link is lost
/// instead, everything is judged again. FENCING makes the higher epoch durable in one record
/// together with the new role, so a crash leaves either a mirror that has promised nothing or a
/// source that waits for the operator; and it waits until the lease last granted to the old source
/// is over, because that one may answer reads for so long. Only then is the half-received
/// consistency point dropped, the log replayed, and the volume served.
final class Takeover {
    private static final Refusal SOURCE_IS_ALIVE =
            new Refusal("the source is alive and linked", "stop the source node, then try again");
    private static final Refusal SOURCE_MAY_BE_ALIVE =
            new Refusal(
                    "nobody but you can know that the source is off and was not detached",
                    "make sure, then say --confirm-source-down");

    private static final Refusal SOURCE_MAY_HAVE_GONE_ON =
            new Refusal(
                    "the policy is available: the source may have acknowledged writes alone since"
                            + " the link was lost",
                    "bring the source back, or say --accept-data-loss");

    private final Replica replica;
    private final MirrorVolume mirror;
    private final boolean sourceIsDown;
    private final boolean acceptLoss;
    private final Consumer<@Nullable Refusal> done;
    private TakeoverStage stage = TakeoverStage.JUDGING;
    private boolean refused;

    /// `done` gets why it was refused, or null when the volume is served.
    Takeover(
            Replica replica,
            MirrorVolume mirror,
            boolean sourceIsDown,
            boolean acceptLoss,
            Consumer<@Nullable Refusal> done) {
        this.replica = replica;
        this.mirror = mirror;
        this.sourceIsDown = sourceIsDown;
        this.acceptLoss = acceptLoss;
        this.done = done;
    }

    TakeoverStage stage() {
        return stage;
    }

    /// Begins; to be called again, in a turn of its own, when the link is lost while JUDGING.
    void judge() {
        PeerLink link = replica.link();
        Refusal lacking = lacking();
        if (lacking != null) {
            refuse(lacking);
        } else if (link != null) {
            link.whenAnswered(() -> refuse(SOURCE_IS_ALIVE));
        } else if (!sourceIsDown) {
            refuse(SOURCE_MAY_BE_ALIVE);
        } else {
            mirror.whenValuesKnown(this::judgeSilence);
        }
    }

    /// Nobody answers. Under the policy available the source may have gone on alone since, and
    /// there is nobody who could know that it has not.
    private void judgeSilence() {
        PairPolicy policy =
                mirror.knowsItsValues() ? PairPolicy.of(mirror.value(PairPolicy.KEY)) : null;
        boolean strict = policy != null && !policy.isAvailable();
        if (refused || stage != TakeoverStage.JUDGING) {
            return;
        }
        if (replica.link() != null) {
            judge();
        } else if (strict || acceptLoss) {
            fence();
        } else {
            refuse(SOURCE_MAY_HAVE_GONE_ON);
        }
    }

    /// The copy itself cannot go on.
    void stopped(String reason) {
        if (stage == TakeoverStage.JUDGING) {
            refuse(new Refusal("this mirror has stopped: " + reason, "repair it first"));
        }
    }

    private void refuse(Refusal why) {
        if (!refused) {
            refused = true;
            done.accept(why);
        }
    }

    /// What this copy lacks to be activated, or null.
    private @Nullable Refusal lacking() {
        Sync sync = replica.copy().state().sync();
        if (sync == Sync.NO_IMAGE) {
            return new Refusal(
                    "this mirror holds no complete image",
                    "bring the source back; there is nothing to take over with");
        }
        if (sync != Sync.IN_SYNC && !acceptLoss) {
            return new Refusal(
                    "this mirror is out of sync: writes acknowledged since "
                            + mirror.image()
                            + " are missing",
                    "bring the source back, or say --accept-data-loss");
        }
        return null;
    }

    private void fence() {
        enter(TakeoverStage.FENCING);
        // Above what is just being promised, too.
        replica.save(
                state ->
                        state.promising(state.promised().next(replica.self()))
                                .as(CopyState.Role.SOURCE, Sync.OUT_OF_SYNC)
                                .exposedSince(replica.copy().loop().clock().wallMillis()),
                () -> {
                    Epoch epoch = replica.copy().state().promised();
                    whenLeaseIsOver(() -> rollBack(epoch));
                });
    }

    /// Calls `next` when the source can no longer believe that it alone may answer reads.
    private void whenLeaseIsOver(Runnable next) {
        Clock clock = replica.copy().loop().clock();
        long left = replica.observer.leaseGrantedUntilNanos(replica) - clock.nanoTime();
        if (left <= 0) {
            next.run();
        } else {
            clock.schedule(left, () -> whenLeaseIsOver(next));
        }
    }

    private void rollBack(Epoch epoch) {
        enter(TakeoverStage.ROLLING_BACK);
        mirror.abandon(
                () -> {
                    enter(TakeoverStage.REPLAYING);
                    replica.changes()
                            .promote(
                                    mirror.handOver(),
                                    (source, volume) -> source.openedByTakeover(volume, epoch),
                                    refusal -> {
                                        enter(TakeoverStage.SERVING);
                                        done.accept(refusal);
                                    });
                });
    }

    private void enter(TakeoverStage next) {
        Check.that(next.compareTo(stage) > 0, "the stages of a takeover only go forward");
        stage = next;
        replica.tell(next.event());
    }
}
