package lockstep.replication.link.netty;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;

import lockstep.blockstore.io.Clock;

import java.util.concurrent.TimeUnit;

/// The clock of a Netty loop.
record NettyClock(EventLoop loop) implements Clock {
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
