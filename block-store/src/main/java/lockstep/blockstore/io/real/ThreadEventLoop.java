package lockstep.blockstore.io.real;

import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// An event loop on one named daemon thread. A task that throws has broken an invariant of ours:
/// the error goes to the handler, and the loop runs nothing more.
public final class ThreadEventLoop implements EventLoop {
    private final ScheduledThreadPoolExecutor executor;
    private final Consumer<Throwable> onError;
    private final Clock clock;
    private volatile @Nullable Thread thread;
    private volatile boolean broken;

    /// A loop whose first error halts the process: going on could acknowledge what is not so.
    public ThreadEventLoop(String name) {
        this(name, _ -> Runtime.getRuntime().halt(70));
    }

    /// `onError` takes the first error, on the loop's thread.
    public ThreadEventLoop(String name, Consumer<Throwable> onError) {
        this.onError = onError;
        this.executor =
                new ScheduledThreadPoolExecutor(
                        1,
                        work -> {
                            Thread made = Thread.ofPlatform().daemon().name(name).unstarted(work);
                            thread = made;
                            return made;
                        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.clock = new SystemClock(this::schedule);
    }

    @Override
    public void execute(Runnable task) {
        executor.execute(() -> run(task));
    }

    private Clock.Timer schedule(long delayNanos, Runnable task) {
        var scheduled = executor.schedule(() -> run(task), delayNanos, TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }

    private void run(Runnable task) {
        if (broken) {
            return;
        }
        try {
            task.run();
        } catch (RuntimeException | Error error) {
            broken = true;
            onError.accept(error);
        }
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread() == thread;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    /// Runs what was given so far, then stops.
    public void close() {
        executor.shutdown();
    }
}
