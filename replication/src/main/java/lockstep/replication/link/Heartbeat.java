package lockstep.replication.link;

import lockstep.replication.wire.ProtocolViolation;

/// Whether a link works, judged by round trips alone: a peer that is heard but does not hear us is
/// as lost as a silent one. Knows times, no timers.
final class Heartbeat {
    private final long lossNanos;
    private final long startNanos;
    private long lastSentNanos;
    private long lastRoundTripNanos;
    private long leaseUntilNanos = Long.MIN_VALUE;
    private long leasesFromNanos;

    /// The link came up now, which counts as a round trip: the handshake was one.
    Heartbeat(long lossNanos, long nowNanos) {
        this.lossNanos = lossNanos;
        this.startNanos = nowNanos;
        this.leasesFromNanos = nowNanos;
        this.lastSentNanos = nowNanos;
        this.lastRoundTripNanos = nowNanos;
    }

    /// Whether no round trip that began in the last loss time has ended.
    boolean isLost(long nowNanos) {
        return nowNanos - lastRoundTripNanos > lossNanos;
    }

    /// A heartbeat leaves now.
    void sent(long nowNanos) {
        lastSentNanos = nowNanos;
    }

    /// The peer echoes the heartbeat that left at `echoedNanos` and grants a lease from then on;
    /// true if the lease has grown.
    boolean echoed(long echoedNanos, int leaseMillis) {
        if (echoedNanos - startNanos < 0 || echoedNanos - lastSentNanos > 0) {
            throw new ProtocolViolation("an echo of a heartbeat that was never sent");
        }
        lastRoundTripNanos = Math.max(lastRoundTripNanos, echoedNanos);
        long untilNanos = echoedNanos + leaseMillis * 1_000_000L;
        boolean before = echoedNanos - leasesFromNanos < 0;
        if (before || leaseMillis == 0 || untilNanos <= leaseUntilNanos) {
            return false;
        }
        leaseUntilNanos = untilNanos;
        return true;
    }

    /// This node stood still for nobody knows how long: only what it asks for from now on counts.
    void suspended(long nowNanos) {
        leaseUntilNanos = Long.MIN_VALUE;
        leasesFromNanos = nowNanos;
    }

    /// See [PeerLink#leaseUntilNanos].
    long leaseUntilNanos() {
        return leaseUntilNanos;
    }

    /// When the last heartbeat that came back had left.
    long lastRoundTripNanos() {
        return lastRoundTripNanos;
    }
}
