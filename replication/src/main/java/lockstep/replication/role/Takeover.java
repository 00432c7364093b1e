package lockstep.replication.role;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.MirrorVolume;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// The mirror becomes the active copy because its source is lost.
///
/// The order is what makes it safe. JUDGING changes nothing. FENCING makes the higher epoch durable
/// in one record together with the new role, so a crash leaves either a mirror that has promised
/// nothing or a source that waits for the operator; and it waits until the lease last granted to
/// the old source is over, because that one may answer reads for so long. Only then is the
/// half-received consistency point dropped, the log replayed, and the volume served.
final class Takeover {
    private final Replica replica;
    private final MirrorVolume mirror;
    private TakeoverStage stage = TakeoverStage.JUDGING;

    Takeover(Replica replica, MirrorVolume mirror) {
        this.replica = replica;
        this.mirror = mirror;
    }

    TakeoverStage stage() {
        return stage;
    }

    /// Why not, or null.
    @Nullable Refusal judge(boolean sourceIsDown, boolean acceptLoss) {
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
        if (replica.link() != null) {
            return new Refusal(
                    "the source is alive and linked", "stop the source node, then try again");
        }
        if (!sourceIsDown) {
            return new Refusal(
                    "nobody but you can know that the source is off and was not detached",
                    "make sure, then say --confirm-source-down");
        }
        return null;
    }

    void run(Consumer<@Nullable Refusal> done) {
        enter(TakeoverStage.FENCING);
        CopyState state = replica.copy().state();
        Epoch epoch = state.promised().next(replica.self());
        replica.save(
                state.promising(epoch).as(CopyState.Role.SOURCE, Sync.OUT_OF_SYNC),
                () -> replica.whenLeaseIsOver(() -> rollBack(epoch, done)));
    }

    private void rollBack(Epoch epoch, Consumer<@Nullable Refusal> done) {
        enter(TakeoverStage.ROLLING_BACK);
        mirror.abandon(
                () -> {
                    enter(TakeoverStage.REPLAYING);
                    replica.promote(
                            mirror.handOver(),
                            epoch,
                            refusal -> {
                                enter(TakeoverStage.SERVING);
                                done.accept(refusal);
                            });
                });
    }

    private void enter(TakeoverStage next) {
        Check.that(next.compareTo(stage) > 0, "the stages of a takeover only go forward");
        stage = next;
        replica.tell("takeover: " + next);
    }
}
