package lockstep.replication.inject;

import lockstep.blockstore.io.Clock;

import java.util.ArrayDeque;

/// One direction of a connection whose messages are late: what goes in comes out in the same order,
/// each at its time or with the one before it, whichever is later.
final class Lane {
    private record Late(long dueNanos, long bytes, Runnable task) {}

    private final Clock clock;
    private final ArrayDeque<Late> late = new ArrayDeque<>();
    private long bytes;
    private boolean ticking;

    Lane(Clock clock) {
        this.clock = clock;
    }

    boolean isEmpty() {
        return late.isEmpty();
    }

    /// Bytes of what is in it.
    long bytes() {
        return bytes;
    }

    void put(long delayNanos, long length, Runnable task) {
        Late last = late.peekLast();
        long due = clock.nanoTime() + delayNanos;
        late.add(new Late(last == null ? due : Math.max(due, last.dueNanos), length, task));
        bytes += length;
        tick();
    }

    private void tick() {
        Late first = late.peek();
        if (first != null && !ticking) {
            ticking = true;
            clock.schedule(Math.max(0, first.dueNanos - clock.nanoTime()), this::arrive);
        }
    }

    private void arrive() {
        ticking = false;
        while (!late.isEmpty() && late.element().dueNanos <= clock.nanoTime()) {
            takeOne();
        }
        tick();
    }

    private void takeOne() {
        Late first = late.remove();
        bytes -= first.bytes;
        first.task.run();
    }

    /// What is in it comes out now.
    void hurry() {
        while (!late.isEmpty()) {
            takeOne();
        }
    }

    /// What is in it never comes out.
    void clear() {
        late.clear();
        bytes = 0;
    }
}
