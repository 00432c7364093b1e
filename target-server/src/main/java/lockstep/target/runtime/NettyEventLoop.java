package lockstep.target.runtime;

import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/// A Netty event loop as the loop that owns volumes, so that connections and volumes share a thread
/// and a command needs no hop.
public final class NettyEventLoop implements EventLoop {
    private final io.netty.channel.EventLoop loop;
    private final Clock clock = new LoopClock();

    /// Wraps `loop`, which stays its owner's.
    public NettyEventLoop(io.netty.channel.EventLoop loop) {
        this.loop = loop;
    }

    /// The loop itself, to register channels with.
    public io.netty.channel.EventLoop netty() {
        return loop;
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(task);
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
            ScheduledFuture<?> future = loop.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        }
    }
}
