package lockstep.blockstore.io;

/// Time, and things to do later.
public interface Clock {
    /// Nanoseconds from an arbitrary start; never goes back. For durations, leases, deadlines.
    long nanoTime();

    /// Milliseconds since 1970, for people only: nothing is ever ordered by it.
    long wallMillis();

    /// Runs `task` on the owning loop after `delayNanos`.
    Timer schedule(long delayNanos, Runnable task);

    /// Something scheduled.
    interface Timer {
        /// Makes sure that it does not run any more; harmless when it has run.
        void cancel();
    }
}
