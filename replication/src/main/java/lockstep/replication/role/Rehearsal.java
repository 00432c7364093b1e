package lockstep.replication.role;

import lockstep.blockstore.volume.MirrorVolume;
import lockstep.blockstore.volume.TakeoverRehearsal;

import org.jspecify.annotations.Nullable;

/// What a takeover of this mirror would take, found out without one: nothing is promised, recorded
/// or sent, and the source notices nothing but a commit that may come a little later.
///
/// What it does not cover, because that would change something: the durable promise of the new
/// epoch and the wait for the old source's lease (FENCING; how much is left of it is told), making
/// a half-received consistency point's stripes right (ROLLING_BACK), and the first consistency
/// point afterwards.
public final class Rehearsal {
    /// Takes the end.
    public interface Handler {
        /// So it would be: `cost` is what a takeover would cost in data now, `judgeNanos` the time
        /// until that was known, `leaseNanos` how long the old source's lease goes on.
        void ended(
                TakeoverCost cost,
                long judgeNanos,
                long leaseNanos,
                TakeoverRehearsal.Result result);

        /// It could not be found out.
        void refused(Refusal refusal);
    }

    private Rehearsal() {}

    /// Rehearses the takeover of the copy of `replica`, which is a mirror.
    public static void run(Replica replica, Handler handler) {
        MirrorVolume mirror = mirrorOf(replica);
        if (mirror == null) {
            handler.refused(Refusal.NO_MIRROR_HERE);
            return;
        }
        long began = now(replica);
        mirror.whenValuesKnown(
                () -> {
                    TakeoverCost cost = TakeoverCost.of(replica.status(), replica.policy());
                    long judged = now(replica) - began;
                    if (cost == TakeoverCost.IMPOSSIBLE) {
                        handler.refused(
                                new Refusal(
                                        "this mirror holds no complete image",
                                        "wait until its first copy is complete"));
                        return;
                    }
                    mirror.rehearse(
                            new TakeoverRehearsal.Handler() {
                                @Override
                                public void ended(TakeoverRehearsal.Result result) {
                                    long until = replica.observer.leaseGrantedUntilNanos(replica);
                                    long lease = Math.max(0, until - now(replica));
                                    handler.ended(cost, judged, lease, result);
                                }

                                @Override
                                public void refused(String why) {
                                    handler.refused(new Refusal(why, "try again"));
                                }
                            });
                });
    }

    private static @Nullable MirrorVolume mirrorOf(Replica replica) {
        return replica.shown() instanceof MirrorVolume mirror ? mirror : null;
    }

    private static long now(Replica replica) {
        return replica.copy().loop().clock().nanoTime();
    }
}
