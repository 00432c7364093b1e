package lockstep.blockstore.disk;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Pending;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Function;

/// What was asked of one disk and has not ended. One timer looks at it while there is something:
/// operations that take too long are given up, with a fault, and what the device says of them later
/// is not heard. Their buffers are their callers' again at that moment ([Pending#abandon]).
///
/// A write that found no space below the disk has not ended: it is held, and asked for again every
/// second. So a consistency point that a full file system below has stopped goes on by itself when
/// there is space again, and no disk is given up for what is not its fault. Held are only writes
/// that somebody needs, of a disk that is in use.
final class DiskOperations {
    private static final long AGAIN_NANOS = 1_000_000_000;

    private final String name;
    private final Clock clock;
    private final DiskPatience patience;
    // In the order in which they were asked.
    private final LinkedHashSet<Running> running = new LinkedHashSet<>();
    private final ArrayDeque<Running> held = new ArrayDeque<>();
    private Runnable onHang = () -> {};
    private Runnable onSpace = () -> {};
    private int askedAgain;
    private @Nullable String left;
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
        final boolean needed;
        final Function<IoCompletion, Pending> device;
        final IoCompletion done;
        long sinceNanos;
        boolean again;
        @Nullable Pending pending;

        Running(
                String operation,
                boolean hedged,
                boolean needed,
                Function<IoCompletion, Pending> device,
                IoCompletion done) {
            this.operation = operation;
            this.hedged = hedged;
            this.needed = needed;
            this.device = device;
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
        submit(new Running(operation, hedged, true, device, done));
    }

    /// The same for what nobody needs: it ends with [IoFault#isOutOfSpace] instead of being held.
    void startUnneeded(
            String operation, Function<IoCompletion, Pending> device, IoCompletion done) {
        submit(new Running(operation, false, false, device, done));
    }

    private void submit(Running one) {
        one.sinceNanos = clock.nanoTime();
        running.add(one);
        one.pending = one.device.apply(fault -> ended(one, fault));
        lookLater();
    }

    /// `task` runs when [#isOutOfSpace] has changed.
    void onSpace(Runnable task) {
        onSpace = task;
    }

    /// Whether writes are held because there is no space below.
    boolean isOutOfSpace() {
        return !held.isEmpty() || askedAgain > 0;
    }

    private void hold(Running one) {
        boolean before = isOutOfSpace();
        one.pending = null;
        if (held.isEmpty()) {
            clock.schedule(AGAIN_NANOS, this::askAgain);
        }
        held.add(one);
        if (!before) {
            onSpace.run();
        }
    }

    private void askAgain() {
        List<Running> all = List.copyOf(held);
        held.clear();
        askedAgain += all.size();
        all.forEach(
                one -> {
                    one.again = true;
                    submit(one);
                });
    }

    // What was asked for again has an answer, whichever.
    private void answered(Running one) {
        if (one.again) {
            one.again = false;
            askedAgain--;
        }
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
        boolean before = isOutOfSpace();
        IoFault told = fault;
        if (fault != null && fault.isOutOfSpace()) {
            String why = left;
            if (why != null) {
                told = new IoFault(name, one.operation, why);
            } else if (one.needed) {
                hold(one);
                answered(one);
                return;
            }
        }
        answered(one);
        if (before && !isOutOfSpace()) {
            onSpace.run();
        }
        one.done.ended(told);
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
            answered(one);
            one.done.ended(fault);
        }
    }

    /// The disk is used no more, because of `why`: for its space nobody waits. What was held ends a
    /// little later, with a fault.
    void leave(String why) {
        left = why;
        if (!held.isEmpty()) {
            clock.schedule(0, () -> endHeld(why));
        }
    }

    private void endHeld(String reason) {
        boolean before = isOutOfSpace();
        List<Running> waiting = List.copyOf(held);
        held.clear();
        if (before && !isOutOfSpace()) {
            onSpace.run();
        }
        waiting.forEach(one -> one.done.ended(new IoFault(name, one.operation, reason)));
    }

    /// Gives up all that can be: the disk is not waited for any more.
    void giveUpAll(String reason) {
        for (Running one : List.copyOf(running)) {
            giveUp(one, new IoFault(name, one.operation, reason));
        }
        endHeld(reason);
    }
}
