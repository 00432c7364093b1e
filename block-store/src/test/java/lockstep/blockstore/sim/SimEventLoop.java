package lockstep.blockstore.sim;

import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;

/// The event loop of one node incarnation. Tasks run in the order given, each a little later than
/// it was given. [#stop] is the crash of the node: nothing that was queued or scheduled ever runs.
public final class SimEventLoop implements EventLoop {
    private static final long MAX_TASK_DELAY_NANOS = 2_000;

    // A simulation runs in one thread; several may run in several.
    private static final ThreadLocal<@Nullable SimEventLoop> RUNNING = new ThreadLocal<>();

    private final Simulation simulation;
    private final String name;
    private final SimClock clock;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private long lastDueNanos;
    private boolean stopped;
    private boolean paused;

    SimEventLoop(Simulation simulation, String name) {
        this.simulation = simulation;
        this.name = name;
        this.clock = new SimClock(simulation, this);
    }

    @Override
    public void execute(Runnable task) {
        if (stopped) {
            return;
        }
        tasks.add(task);
        if (!paused) {
            scheduleNext();
        }
    }

    // One event per task, never earlier than the one before it, so the order of tasks is kept.
    private void scheduleNext() {
        long dueNanos = simulation.nowNanos() + simulation.between(0, MAX_TASK_DELAY_NANOS);
        lastDueNanos = Math.max(lastDueNanos, dueNanos);
        simulation.schedule(lastDueNanos - simulation.nowNanos(), this::runNext);
    }

    private void runNext() {
        if (stopped || paused) {
            return;
        }
        Runnable task = tasks.poll();
        if (task != null) {
            call(task);
        }
    }

    /// Runs `task` now, inside the call, as a task of this loop: for tests that drive a node.
    public void call(Runnable task) {
        SimEventLoop before = RUNNING.get();
        RUNNING.set(this);
        try {
            task.run();
        } finally {
            RUNNING.set(before);
        }
    }

    /// The node dies here: all its tasks and timers are dropped, later ones too.
    public void stop() {
        stopped = true;
        tasks.clear();
    }

    /// Whether the node died.
    public boolean isStopped() {
        return stopped;
    }

    /// The node's process stands still; tasks and timers wait.
    public void pause() {
        paused = true;
    }

    /// The process goes on after [#pause]; everything that came due meanwhile runs in order.
    public void resume() {
        paused = false;
        for (int i = tasks.size(); i > 0; i--) {
            scheduleNext();
        }
    }

    @Override
    public boolean inLoop() {
        return RUNNING.get() == this;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    /// This loop's clock, with the knobs of a simulated one.
    public SimClock simClock() {
        return clock;
    }

    @Override
    public String toString() {
        return name;
    }
}
