package lockstep.blockstore.log;

import lockstep.blockstore.io.Clock;

import org.jspecify.annotations.Nullable;

/// Notices that a device of the log does not answer: a disk that hangs ends nothing, so nobody
/// would hear of it. One timer looks while a write is under way. A node that stood still blames no
/// device: its answers may be waiting behind the timer.
final class LogSilence {
    /// A write that a device may keep waiting.
    interface Watched {
        /// The write has taken longer than a device may.
        void takesLong(long nanos);
    }

    private final Clock clock;
    private final long patienceNanos;
    private @Nullable Watched current;
    private long sinceNanos;
    private long dueNanos;
    private boolean looking;

    LogSilence(Clock clock, long patienceNanos) {
        this.clock = clock;
        this.patienceNanos = patienceNanos;
    }

    void begins(Watched write) {
        current = write;
        sinceNanos = clock.nanoTime();
        lookLater();
    }

    void ended(Watched write) {
        if (write.equals(current)) {
            current = null;
        }
    }

    /// How long the write under way takes already, if that is too long; else 0.
    long silentNanos() {
        long nanos = current == null ? 0 : clock.nanoTime() - sinceNanos;
        return nanos >= patienceNanos ? nanos : 0;
    }

    private void lookLater() {
        if (!looking) {
            looking = true;
            long pause = Math.max(1, patienceNanos / 8);
            dueNanos = clock.nanoTime() + pause;
            clock.schedule(pause, this::look);
        }
    }

    private void look() {
        looking = false;
        Watched write = current;
        if (write == null) {
            return;
        }
        if (clock.nanoTime() - dueNanos >= patienceNanos / 4) {
            sinceNanos = clock.nanoTime();
        }
        lookLater();
        long nanos = silentNanos();
        if (nanos > 0) {
            write.takesLong(nanos);
        }
    }
}
