package lockstep.blockstore.sim;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.Clock;

/// A node's view of virtual time: it may start anywhere, run fast or slow, and its wall clock may
/// be wrong. Timers follow this clock, not the true time.
public final class SimClock implements Clock {
    private static final long MILLION = 1_000_000;
    private static final long WALL_START_MILLIS = 1_800_000_000_000L;

    private final Simulation simulation;
    private final SimEventLoop loop;
    private long driftPerMillion;
    private long trueStartNanos;
    private long startNanos;
    private long wallStepMillis;

    SimClock(Simulation simulation, SimEventLoop loop) {
        this.simulation = simulation;
        this.loop = loop;
        this.trueStartNanos = simulation.nowNanos();
        this.startNanos = simulation.between(0, 1L << 40);
    }

    /// From now on this clock gains `partsPerMillion` (negative: loses).
    public void drift(long partsPerMillion) {
        Check.that(Math.abs(partsPerMillion) < MILLION / 2, "a clock runs forward");
        startNanos = nanoTime();
        trueStartNanos = simulation.nowNanos();
        driftPerMillion = partsPerMillion;
    }

    /// An operator or a time service moves the wall clock.
    public void stepWall(long millis) {
        wallStepMillis += millis;
    }

    @Override
    public long nanoTime() {
        long passed = simulation.nowNanos() - trueStartNanos;
        return startNanos + passed + passed / MILLION * driftPerMillion;
    }

    @Override
    public long wallMillis() {
        return WALL_START_MILLIS + simulation.nowNanos() / MILLION + wallStepMillis;
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        long trueDelay = delayNanos * MILLION / (MILLION + driftPerMillion);
        ClockTimer timer = new ClockTimer(task);
        Runnable cancelEvent = simulation.schedule(trueDelay, () -> loop.execute(timer));
        timer.cancelEvent = cancelEvent;
        return timer;
    }

    /// Cancelling reaches it also when it is due already and waits for its turn on the loop.
    private static final class ClockTimer implements Timer, Runnable {
        private final Runnable task;
        private Runnable cancelEvent = () -> {};
        private boolean cancelled;

        ClockTimer(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            if (!cancelled) {
                task.run();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            cancelEvent.run();
        }
    }
}
