package lockstep.replication.role;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.CopyState.Sync;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/// What a source does about a mirror that is away, by the volume's policy, and how far it is ahead
/// of it.
///
/// | state | event | what follows |
/// |---|---|---|
/// | in sync | link lost, STRICT | nothing new is sequenced |
/// | in sync | link lost, AVAILABLE | the same for [#PATIENCE_NANOS] |
/// | waiting | mirror attached again | in sync |
/// | waiting | time is over | OUT OF SYNC is made durable here, then it serves alone |
/// | alone by policy | budget of time or bytes is used up | nothing new is sequenced |
/// | alone | detach | serves alone without a budget |
/// | alone, stopped or not | resync is done | in sync |
///
/// AVAILABLE counts only when the mirror has stored it: else the mirror would believe, without a
/// link, that nothing was acknowledged without it, and might be activated. STRICT counts from the
/// moment it is sequenced, for the same reason.
final class Exposure {
    /// So long a source waits for its mirror to come back before it goes on alone.
    static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Replica replica;
    private final ActiveVolume volume;

    /// The mirror knows of AVAILABLE once it has stored everything up to this sequence.
    private long knownAt = Long.MAX_VALUE;

    private Clock.@Nullable Timer timer;
    private boolean deciding;
    private boolean budgeted;
    private long inSyncMillis;

    Exposure(Replica replica, ActiveVolume volume) {
        this.replica = replica;
        this.volume = volume;
    }

    /// What is in force. One that cannot be read promises least.
    PairPolicy policy() {
        PairPolicy policy = PairPolicy.of(volume.value(PairPolicy.KEY));
        return policy == null ? PairPolicy.STRICT : policy;
    }

    /// Another policy, for this and whoever serves the volume later.
    void set(PairPolicy next, Outcome.Handler done) {
        if (!policy().isAvailable()) {
            knownAt = Long.MAX_VALUE;
        }
        volume.put(
                PairPolicy.KEY,
                next.encode(),
                outcome -> {
                    if (outcome.isDone()) {
                        knownAt = volume.end().sequence();
                    }
                    done.ended(outcome);
                });
    }

    Exposed exposed() {
        long since = replica.copy().state().exposedSince();
        return since == 0
                ? Exposed.NOT
                : new Exposed(since, volume.unmirrored().writes(), volume.unmirrored().bytes());
    }

    /// Whether it is being recorded how this copy goes on: nothing else is decided meanwhile.
    boolean isDeciding() {
        return deciding;
    }

    /// Since when this copy is ahead, or both have recorded that the mirror has everything; in
    /// milliseconds since 1970.
    long sinceMillis() {
        long since = replica.copy().state().exposedSince();
        return since == 0 ? inSyncMillis : since;
    }

    /// The mirror has everything; both have recorded it.
    void inSync() {
        stopTimer();
        budgeted = false;
        inSyncMillis = volume.loop().clock().wallMillis();
        knownAt = volume.end().sequence();
        volume.inSync();
    }

    /// This copy is recorded to be ahead and begins to serve alone, without a budget unless it
    /// began with one.
    void aheadOfMirror() {
        if (!budgeted) {
            volume.unmirrored().begin(Long.MAX_VALUE, () -> {});
        }
    }

    /// What says that this copy is ahead of its mirror, from now on if not already, unless it has
    /// none any more.
    CopyState ahead(CopyState state) {
        return state.role() != CopyState.Role.SOURCE
                ? state
                : state.as(CopyState.Role.SOURCE, Sync.OUT_OF_SYNC)
                        .exposedSince(volume.loop().clock().wallMillis());
    }

    /// Records `change`, which decides how this copy stands to its mirror. What the partner says
    /// meanwhile is not heard: [Replica#hearAgain].
    void decide(UnaryOperator<CopyState> change, Runnable decided) {
        replica.save(change, deciding(decided));
    }

    private Runnable deciding(Runnable decided) {
        deciding = true;
        return () -> {
            deciding = false;
            decided.run();
        };
    }

    /// A mirror in sync is away.
    void mirrorLost() {
        stopTimer();
        if (policy().isAvailable() && volume.durable() >= knownAt) {
            timer = volume.loop().clock().schedule(PATIENCE_NANOS, this::timeIsOver);
        }
    }

    private void timeIsOver() {
        timer = null;
        PairPolicy policy = policy();
        if (deciding) {
            mirrorLost();
        } else if (policy.isAvailable() && isHeldUp()) {
            goAlone("the policy is available", () -> spendBy(policy), () -> {});
        }
    }

    private boolean isHeldUp() {
        return volume.service() == ActiveVolume.Service.SUSPENDED
                && replica.copy().state().sync() == Sync.IN_SYNC;
    }

    /// The operator's word, with no budget.
    void detach(Runnable done) {
        goAlone(
                "the operator has detached it",
                () -> {
                    stopTimer();
                    budgeted = false;
                    aheadOfMirror();
                },
                done);
    }

    /// Records that this copy goes on without its mirror, then does so. What the partner says
    /// meanwhile is heard when that is durable.
    private void goAlone(String why, Runnable began, Runnable done) {
        replica.save(
                this::ahead,
                deciding(
                        () -> {
                            if (volume.service() != ActiveVolume.Service.STOPPED) {
                                began.run();
                                volume.detach();
                                replica.tell("writes are acknowledged without the mirror: " + why);
                                replica.hearAgain();
                            }
                            done.run();
                        }));
    }

    private void spendBy(PairPolicy policy) {
        budgeted = true;
        long bytes = policy.budgetBytes() == 0 ? Long.MAX_VALUE : policy.budgetBytes();
        volume.unmirrored()
                .begin(bytes, () -> spent("the budget of " + bytes + " bytes is used up"));
        long seconds = policy.budgetSeconds();
        if (seconds > 0) {
            long nanos = TimeUnit.SECONDS.toNanos(seconds);
            String why = "the budget of " + seconds + " s is used up";
            timer = volume.loop().clock().schedule(nanos, () -> spent(why));
        }
    }

    private void spent(String why) {
        if (volume.service() == ActiveVolume.Service.SERVING) {
            replica.tell("nothing new is acknowledged: " + why);
            volume.suspend(why);
            replica.activeChanged();
        }
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
