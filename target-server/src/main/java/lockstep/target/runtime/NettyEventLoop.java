package lockstep.target.runtime;

import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A Netty event loop as the loop that owns volumes, so that connections and volumes share a thread
/// and a command needs no hop.
public final class NettyEventLoop implements EventLoop {
    private final io.netty.channel.EventLoop loop;
    private final Clock clock = new LoopClock();
    private final @Nullable Consumer<Throwable> broken;

    /// Wraps `loop`, which stays its owner's.
    public NettyEventLoop(io.netty.channel.EventLoop loop) {
        this(loop, null);
    }

    /// Wraps `loop`; `broken` hears of whatever a task throws, which the loop itself would only
    /// log.
    public NettyEventLoop(io.netty.channel.EventLoop loop, @Nullable Consumer<Throwable> broken) {
        this.loop = loop;
        this.broken = broken;
    }

    private Runnable watched(Runnable task) {
        Consumer<Throwable> told = broken;
        if (told == null) {
            return task;
        }
        return () -> {
            try {
                task.run();
            } catch (Throwable thrown) {
                told.accept(thrown);
                throw thrown;
            }
        };
    }

    /// The loop itself, to register channels with.
    public io.netty.channel.EventLoop netty() {
        return loop;
    }

    /// A task given from inside the loop runs only after connections had their turn. Netty would
    /// run tasks for up to a second as long as each gives another, which is how long work is cut
    /// here.
    @Override
    public void execute(Runnable task) {
        if (loop.inEventLoop()) {
            var _ = loop.schedule(watched(task), 0, TimeUnit.NANOSECONDS);
        } else {
            loop.execute(watched(task));
        }
    }

    @Override
    public boolean inLoop() {
        return loop.inEventLoop();
    }

    @Override
    public Clock clock() {
        return clock;
    }

    private final class LoopClock implements Clock {
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
            ScheduledFuture<?> future =
                    loop.schedule(watched(task), delayNanos, TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        }
    }
}
