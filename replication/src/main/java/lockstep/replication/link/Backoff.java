package lockstep.replication.link;

import java.util.function.LongSupplier;

/// How long to wait before dialling again: doubling, with jitter, so that two nodes that keep
/// getting into each other's way stop doing so, and a flapping link costs little.
final class Backoff {
    private final LinkSettings settings;
    private final LongSupplier entropy;
    private long currentNanos;

    Backoff(LinkSettings settings, LongSupplier entropy) {
        this.settings = settings;
        this.entropy = entropy;
        this.currentNanos = settings.backoffMinNanos();
    }

    /// The next pause: between half and all of the current one, which then doubles.
    long next() {
        long pauseNanos = jitter(currentNanos);
        currentNanos = Math.min(currentNanos * 2, settings.backoffMaxNanos());
        return pauseNanos;
    }

    /// A pause for what will not change by itself.
    long longest() {
        return jitter(settings.backoffMaxNanos());
    }

    /// Starts small again.
    void reset() {
        currentNanos = settings.backoffMinNanos();
    }

    private long jitter(long nanos) {
        return nanos - Math.floorMod(entropy.getAsLong(), nanos / 2 + 1);
    }
}
