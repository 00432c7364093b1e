package lockstep.replication.source;

/// How fast images are sent to a mirror that is brought up to date: so many bytes of blocks per
/// second at most. It may change at any time; what mirroring itself sends is never slowed.
public final class ResyncPace {
    private static final double SECOND = 1_000_000_000;

    /// What was not sent for so long does not count any more.
    private static final long CREDIT_NANOS = 100_000_000;

    private long bytesPerSecond;
    private long freeAtNanos;

    /// Bytes per second; 0: as fast as link and disks are.
    public long bytesPerSecond() {
        return bytesPerSecond;
    }

    /// From here on `limit` bytes per second, 0 for no limit.
    public void bytesPerSecond(long limit) {
        lockstep.blockstore.base.Check.that(limit >= 0, "a rate is not negative");
        bytesPerSecond = limit;
        freeAtNanos = 0;
    }

    /// `bytes` are sent at `nowNanos`: how long to wait before more.
    long delayNanos(long bytes, long nowNanos) {
        if (bytesPerSecond == 0) {
            return 0;
        }
        long since = freeAtNanos == 0 ? nowNanos : freeAtNanos;
        if (nowNanos - since > CREDIT_NANOS) {
            since = nowNanos - CREDIT_NANOS;
        }
        freeAtNanos = since + (long) (bytes * SECOND / bytesPerSecond);
        return Math.max(0, freeAtNanos - nowNanos);
    }
}
