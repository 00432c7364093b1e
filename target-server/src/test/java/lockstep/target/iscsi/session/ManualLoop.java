package lockstep.target.iscsi.session;

import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;

import java.util.ArrayList;
import java.util.List;

/// Runs everything at once, and timers when time is let pass.
final class ManualLoop implements EventLoop, Clock {
    private final List<Timed> timers = new ArrayList<>();
    private long now;

    private static final class Timed implements Timer {
        private final long at;
        private final Runnable task;
        private boolean over;

        Timed(long at, Runnable task) {
            this.at = at;
            this.task = task;
        }

        @Override
        public void cancel() {
            over = true;
        }
    }

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    @Override
    public Clock clock() {
        return this;
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public long wallMillis() {
        return 0;
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
        Timed timed = new Timed(now + delayNanos, task);
        timers.add(timed);
        return timed;
    }

    void pass(long millis) {
        long until = now + millis * 1_000_000;
        while (true) {
            timers.removeIf(timed -> timed.over);
            Timed next = null;
            for (Timed timed : timers) {
                if (timed.at <= until && (next == null || timed.at < next.at)) {
                    next = timed;
                }
            }
            if (next == null) {
                break;
            }
            now = Math.max(now, next.at);
            next.over = true;
            next.task.run();
        }
        now = until;
    }
}
