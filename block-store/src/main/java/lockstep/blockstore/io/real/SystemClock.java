package lockstep.blockstore.io.real;

import lockstep.blockstore.io.Clock;

/// The system's time, with timers of some loop.
public final class SystemClock implements Clock {
    private final Scheduler scheduler;

    /// How a loop runs something later.
    @FunctionalInterface
    public interface Scheduler {
        /// Runs `task` on the loop after `delayNanos`.
        Timer schedule(long delayNanos, Runnable task);
    }

    /// A clock whose timers go through `scheduler`.
    public SystemClock(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long wallMillis() {
        return System.currentTimeMillis();
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        return scheduler.schedule(delayNanos, task);
    }
}
