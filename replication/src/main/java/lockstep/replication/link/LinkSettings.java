package lockstep.replication.link;

import lockstep.blockstore.base.Check;

/// Times of a link, in nanoseconds. `heartbeat` lies between two heartbeats; without a round trip
/// for `loss` the link is closed; `handshake` is the time from dialling, or from being accepted, to
/// a link that is up; the pause before dialling again doubles from `backoffMin` to `backoffMax` and
/// starts small again only after a link that lived for `stable`.
public record LinkSettings(
        long heartbeatNanos,
        long lossNanos,
        long handshakeNanos,
        long backoffMinNanos,
        long backoffMaxNanos,
        long stableNanos) {
    private static final long MILLI = 1_000_000;

    public LinkSettings {
        Check.that(heartbeatNanos > 0, "heartbeats have an interval");
        Check.that(
                lossNanos >= 3 * heartbeatNanos,
                "losing a link takes more than one heartbeat",
                lossNanos,
                heartbeatNanos);
        Check.that(backoffMinNanos > 0 && backoffMaxNanos >= backoffMinNanos, "a backoff grows");
        Check.that(handshakeNanos > 0 && stableNanos > 0, "times are positive");
    }

    /// Heartbeats every 150 ms, loss after 800 ms: a black hole is noticed within a second.
    public static LinkSettings defaults() {
        return of(150, 800);
    }

    /// The defaults with these two times.
    public static LinkSettings of(long heartbeatMillis, long lossMillis) {
        return new LinkSettings(
                heartbeatMillis * MILLI,
                lossMillis * MILLI,
                5_000 * MILLI,
                100 * MILLI,
                5_000 * MILLI,
                10_000 * MILLI);
    }
}
