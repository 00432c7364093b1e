package lockstep.blockstore.disk;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Pending;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Function;

/// What was asked of one disk and has not ended. One timer looks at it while there is something:
/// operations that take too long are given up, with a fault, and what the device says of them later
/// is not heard. Their buffers are their callers' again at that moment ([Pending#abandon]).
final class DiskOperations {
    private final String name;
    private final Clock clock;
    private final DiskPatience patience;
    // In the order in which they were asked.
    private final LinkedHashSet<Running> running = new LinkedHashSet<>();
    private Runnable onHang = () -> {};
    private boolean looking;
    private long dueNanos;

    DiskOperations(String name, Clock clock, DiskPatience patience) {
        this.name = name;
        this.clock = clock;
        this.patience = patience;
    }

    private static final class Running {
        final String operation;
        final boolean hedged;
        long sinceNanos;
        final IoCompletion done;
        @Nullable Pending pending;

        Running(String operation, boolean hedged, long sinceNanos, IoCompletion done) {
            this.operation = operation;
            this.hedged = hedged;
            this.sinceNanos = sinceNanos;
            this.done = done;
        }
    }

    /// `task` runs when something did not end in time; again and again as long as it does not.
    void onHang(Runnable task) {
        onHang = task;
    }

    /// Starts an operation; a `hedged` one ends as slow if it takes long.
    void start(
            String operation,
            boolean hedged,
            Function<IoCompletion, Pending> device,
            IoCompletion done) {
        Running one = new Running(operation, hedged, clock.nanoTime(), done);
        running.add(one);
        one.pending = device.apply(fault -> ended(one, fault));
        lookLater();
    }

    private void lookLater() {
        if (!looking) {
            looking = true;
            dueNanos = clock.nanoTime() + patience.lookNanos();
            clock.schedule(patience.lookNanos(), this::look);
        }
    }

    private void ended(Running one, @Nullable IoFault fault) {
        Check.that(running.remove(one), "an operation ends once");
        one.done.ended(fault);
    }

    private void look() {
        looking = false;
        long now = clock.nanoTime();
        if (now - dueNanos >= patience.evictNanos() / 4) {
            // The node stood still, not the disk: its answers may be waiting behind this task.
            running.forEach(one -> one.sinceNanos = now);
        }
        boolean hangs = false;
        for (Running one : List.copyOf(running)) {
            long nanos = now - one.sinceNanos;
            hangs |= nanos >= patience.evictNanos();
            if (one.hedged && nanos >= patience.hedgeNanos()) {
                giveUp(one, IoFault.slow(name, one.operation));
            }
        }
        if (hangs) {
            onHang.run();
        }
        if (!running.isEmpty()) {
            lookLater();
        }
    }

    private void giveUp(Running one, IoFault fault) {
        Pending pending = one.pending;
        if (pending != null && pending.abandon() && running.remove(one)) {
            one.done.ended(fault);
        }
    }

    /// Gives up all that can be: the disk is not waited for any more.
    void giveUpAll(String reason) {
        for (Running one : List.copyOf(running)) {
            giveUp(one, new IoFault(name, one.operation, reason));
        }
    }
}
