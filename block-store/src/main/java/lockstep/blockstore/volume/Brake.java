package lockstep.blockstore.volume;

/// How long the next command waits so that writes slow down before they stall. While a consistency
/// point is under way nothing gives room back, so what is left of the filling half is spread over
/// the time that the consistency point will still take: it is guessed from how fast the last one
/// was. Below the low mark nobody waits; at the high mark, a full half, everybody waits for its
/// end, which the spreading puts off. Pure: the caller keeps the time.
///
/// Why: a host that writes faster than the disks take it would fill the half at the speed of memory
/// and then wait for seconds, all its commands at once. Slowed, each waits for some milliseconds.
final class Brake {
    /// The share of a half, in eighths, below which nobody waits.
    private static final int LOW_MARK_EIGHTHS = 2;

    /// Assumed of the first consistency point.
    private static final double FIRST_BYTES_PER_NANO = 0.05;

    private static final double MIN_NANOS_LEFT = 5_000_000;
    private static final long MAX_DELAY_NANOS = 25_000_000;

    private double bytesPerNano = FIRST_BYTES_PER_NANO;

    /// A consistency point of `bytes` has taken `nanos`.
    void learn(long bytes, long nanos) {
        if (bytes > 0 && nanos > 0) {
            bytesPerNano = (double) bytes / nanos;
        }
    }

    /// Whether commands wait when `left` bytes are left of `whole`.
    static boolean isOn(long left, long whole) {
        return whole - left > whole / 8 * LOW_MARK_EIGHTHS;
    }

    /// How long a command of `bytes` waits when `left` bytes are left of `whole`, and a consistency
    /// point of `cpBytes` has been under way for `cpNanos`.
    long delayNanos(long bytes, long left, long whole, long cpBytes, long cpNanos) {
        if (!isOn(left, whole) || left <= 0) {
            return 0;
        }
        // One that is late already may take a quarter of its time again.
        double nanosLeft = Math.max(cpBytes / bytesPerNano - cpNanos, cpNanos / 4.0);
        double delay = bytes * Math.max(nanosLeft, MIN_NANOS_LEFT) / left;
        return (long) Math.min(delay, MAX_DELAY_NANOS);
    }
}
