package lockstep.replication.link;

import lockstep.blockstore.io.Clock;

/// Notices that a host stood still without its clock for durations saying so: that one does not
/// count the time in which the host is suspended, or its virtual machine is moved, and a lease
/// would seem to go on. The wall clock counts it. So whenever one of the two has gone on by so much
/// more than the other, what was granted before counts no more; that somebody has merely set the
/// wall clock costs no more than asking again. Nothing is ever ordered by the wall clock.
public final class Suspensions {
    private static final long MOST_MILLIS = 100;

    private final Clock clock;
    private long aheadMillis;

    /// Watches `clock` from now on.
    public Suspensions(Clock clock) {
        this.clock = clock;
        this.aheadMillis = ahead();
    }

    private long ahead() {
        return clock.wallMillis() - clock.nanoTime() / 1_000_000;
    }

    /// Whether the clocks have come apart since this was asked last.
    public boolean noticed() {
        long now = ahead();
        boolean apart = Math.abs(now - aheadMillis) > MOST_MILLIS;
        aheadMillis = now;
        return apart;
    }
}
