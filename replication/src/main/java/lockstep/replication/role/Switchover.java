package lockstep.replication.role;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.replication.link.PeerLink;

import org.jspecify.annotations.Nullable;

import java.util.function.Supplier;

/// The planned move of a volume to its partner, on the node that gives it away. Giveback is the
/// same, the other way round.
///
/// There is one moment at which the volume moves: the record that makes this copy the mirror and
/// promises the next epoch to the partner. Before it this node is the source in sync, whatever
/// breaks, and serves on; after it only the partner can open an epoch, and whoever of the two
/// restarts, the promise is told again until it does. At that moment both hold the same image and
/// nothing behind it, so nothing has to be sent again in either direction.
final class Switchover {
    /// Consistency points before the pause; each is as short as the load during the last allows.
    private static final int PREPARATIONS = 2;

    private static final long DRAIN_NANOS = 10_000_000_000L;
    private static final long PARTNER_NANOS = 15_000_000_000L;

    private final Replica replica;
    private final ActiveVolume volume;
    private final Supplier<@Nullable Refusal> doubt;
    private final SwitchedOver end;
    private SwitchoverStage stage = SwitchoverStage.PREPARING;
    private Clock.@Nullable Timer timer;
    private long pausedAtNanos;
    private boolean ended;

    /// `doubt` says why the mirror is not to become the source, or null; it is asked at the last
    /// moment at which the volume can stay here.
    Switchover(
            Replica replica,
            ActiveVolume volume,
            Supplier<@Nullable Refusal> doubt,
            SwitchedOver end) {
        this.replica = replica;
        this.volume = volume;
        this.doubt = doubt;
        this.end = end;
    }

    SwitchoverStage stage() {
        return stage;
    }

    boolean isOver() {
        return ended;
    }

    void begin() {
        replica.tell(stage.event());
        prepare(PREPARATIONS);
    }

    private void prepare(int left) {
        if (left > 0) {
            volume.checkpoint(() -> prepare(left - 1));
        } else if (!ended) {
            drain();
        }
    }

    private void drain() {
        enter(SwitchoverStage.DRAINING);
        pausedAtNanos = volume.loop().clock().nanoTime();
        expect(DRAIN_NANOS, "the volume did not come to rest: its disks or its mirror are slow");
        volume.handover().begin("the volume moves to its partner", this::atRest);
    }

    private void atRest() {
        PeerLink link = replica.link();
        if (ended || link == null) {
            return;
        }
        Refusal against = doubt.get();
        if (against != null) {
            broken(against.what());
            return;
        }
        enter(SwitchoverStage.PROMISING);
        expect(PARTNER_NANOS, "the partner has not been heard since it may serve");
        replica.changes().handOver(this);
    }

    /// This copy is the mirror now.
    void handedOver() {
        enter(SwitchoverStage.HANDED_OVER);
    }

    /// The partner has opened its epoch.
    void served() {
        if (stage == SwitchoverStage.HANDED_OVER) {
            enter(SwitchoverStage.SERVED);
            long pauseNanos = volume.loop().clock().nanoTime() - pausedAtNanos;
            replica.tell("switchover: hosts waited for " + pauseNanos / 1_000_000 + " ms");
            finish(null, pauseNanos);
        }
    }

    /// The link is lost, or the volume has stopped. Once the promise is on its way there is no way
    /// back, and no need for one: the partner hears of it with the next link.
    void broken(String why) {
        if (stage.compareTo(SwitchoverStage.PROMISING) < 0) {
            volume.handover().cancel();
            finish(new Refusal("the switchover was broken off: " + why, Refusal.STILL_HERE), 0);
        }
    }

    private void expect(long nanos, String otherwise) {
        stopTimer();
        timer = volume.loop().clock().schedule(nanos, () -> late(otherwise));
    }

    private void late(String what) {
        if (stage.compareTo(SwitchoverStage.PROMISING) < 0) {
            broken(what);
        } else {
            finish(new Refusal(what, "ask the partner with `status`; it serves when it can"), 0);
        }
    }

    private void finish(@Nullable Refusal refusal, long pauseNanos) {
        if (!ended) {
            ended = true;
            stopTimer();
            end.ended(refusal, pauseNanos);
        }
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void enter(SwitchoverStage next) {
        Check.that(next.compareTo(stage) > 0, "the stages of a switchover only go forward");
        stage = next;
        replica.tell(next.event());
    }
}
