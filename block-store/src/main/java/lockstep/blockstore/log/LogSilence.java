package lockstep.blockstore.log;

import lockstep.blockstore.io.Clock;

import java.util.ArrayDeque;

/// Notices that a device of the log does not answer: a disk that hangs ends nothing, so nobody
/// would hear of it. One timer looks while a write is under way. A node that stood still blames no
/// device: its answers may be waiting behind the timer.
final class LogSilence {
    /// A write that a device may keep waiting.
    interface Watched {
        /// The write has taken longer than a device may.
        void takesLong(long nanos);
    }

    private record Begun(Watched write, long nanos) {}

    private final Clock clock;
    private final long patienceNanos;
    // The oldest first.
    private final ArrayDeque<Begun> underWay = new ArrayDeque<>();
    private long stoodUntilNanos;
    private long dueNanos;
    private boolean looking;

    LogSilence(Clock clock, long patienceNanos) {
        this.clock = clock;
        this.patienceNanos = patienceNanos;
        this.stoodUntilNanos = clock.nanoTime();
    }

    void begins(Watched write) {
        underWay.add(new Begun(write, clock.nanoTime()));
        lookLater();
    }

    void ended(Watched write) {
        underWay.removeIf(begun -> begun.write().equals(write));
    }

    /// How long the oldest write under way takes already, if that is too long; else 0.
    long silentNanos() {
        Begun oldest = underWay.peek();
        if (oldest == null) {
            return 0;
        }
        long now = clock.nanoTime();
        long silent = Math.min(now - oldest.nanos(), now - stoodUntilNanos);
        return silent >= patienceNanos ? silent : 0;
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
        Begun oldest = underWay.peek();
        if (oldest == null) {
            return;
        }
        if (clock.nanoTime() - dueNanos >= patienceNanos / 4) {
            stoodUntilNanos = clock.nanoTime();
        }
        lookLater();
        long nanos = silentNanos();
        if (nanos > 0) {
            oldest.write().takesLong(nanos);
        }
    }
}
