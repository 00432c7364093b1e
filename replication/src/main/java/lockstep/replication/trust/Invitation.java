package lockstep.replication.trust;

import lockstep.blockstore.base.Check;
import lockstep.replication.wire.PairingMessage.Claim;

import org.jspecify.annotations.Nullable;

/// A code that was given out here: good once, for a time, and for a few tries.
public final class Invitation {
    /// Wrong proofs that it survives are one less.
    public static final int TRIES = 5;

    private final PairingCode code;
    private final long untilNanos;
    private int triesLeft = TRIES;
    private boolean used;

    /// One that ends at `untilNanos` of the node's clock.
    public Invitation(PairingCode code, long untilNanos) {
        this.code = code;
        this.untilNanos = untilNanos;
    }

    /// Why it is good for nothing any more; null while it is.
    public @Nullable String over(long nowNanos) {
        if (used) {
            return "the code was used";
        }
        if (triesLeft == 0) {
            return "the code was tried too often";
        }
        return nowNanos - untilNanos >= 0 ? "the code has expired" : null;
    }

    /// Judges what a dialling side claims; null if it knows the code. Each wrong try counts.
    public @Nullable String judge(PairingSession session, Claim claim, long nowNanos) {
        String over = over(nowNanos);
        if (over != null) {
            return over;
        }
        if (!session.provesDialler(code, claim)) {
            triesLeft--;
            return "the code is wrong";
        }
        return null;
    }

    /// Uses it up: this side's claim, with its proof, for who was found to know the code.
    public Claim accept(PairingSession session, Claim own) {
        Check.that(!used && triesLeft > 0, "an invitation is good once");
        used = true;
        return session.byListener(code, own);
    }
}
