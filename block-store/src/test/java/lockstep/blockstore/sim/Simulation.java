package lockstep.blockstore.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/// Virtual time and the one source of randomness of a simulated world. Events run in the order of
/// (time, insertion), so the same seed and the same calls give the same run.
public final class Simulation {
    private final long seed;
    private final SplittableRandom random;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final List<Runnable> invariants = new ArrayList<>();
    private long nowNanos;
    private long eventsAdded;
    private long eventsRun;
    private long traceHash;

    public Simulation(long seed) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.traceHash = seed;
    }

    /// Something that will happen; cancelled ones stay queued and do nothing.
    private static final class Event implements Comparable<Event> {
        final long timeNanos;
        final long number;
        final Runnable action;
        boolean cancelled;

        Event(long timeNanos, long number, Runnable action) {
            this.timeNanos = timeNanos;
            this.number = number;
            this.action = action;
        }

        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(timeNanos, other.timeNanos);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    /// The seed that this world grew from; print it with every failure.
    public long seed() {
        return seed;
    }

    /// The only random numbers of this world.
    public SplittableRandom random() {
        return random;
    }

    /// A number from `low` to `high`, both included.
    public long between(long low, long high) {
        return low == high ? low : random.nextLong(low, high + 1);
    }

    /// True once in `n` calls, on average.
    public boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    /// Virtual time.
    public long nowNanos() {
        return nowNanos;
    }

    /// Runs `action` after `delayNanos`; the result cancels it.
    public Runnable schedule(long delayNanos, Runnable action) {
        Event event = new Event(nowNanos + Math.max(0, delayNanos), eventsAdded++, action);
        events.add(event);
        return () -> event.cancelled = true;
    }

    /// A new event loop: one per node incarnation.
    public SimEventLoop newLoop(String name) {
        return new SimEventLoop(this, name);
    }

    /// `check` runs after every event and throws when what it watches is broken.
    public void afterEveryEvent(Runnable check) {
        invariants.add(check);
    }

    /// Runs until `condition` holds or nothing is left to do; tells whether it holds.
    public boolean runUntil(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            if (!step()) {
                return false;
            }
        }
        return true;
    }

    /// Runs until `condition` holds, nothing is left, or `limitNanos` have passed; tells whether it
    /// holds. For worlds with periodic timers, which are never idle.
    public boolean runUntil(BooleanSupplier condition, long limitNanos) {
        long endNanos = nowNanos + limitNanos;
        while (!condition.getAsBoolean()) {
            Event next = events.peek();
            if (next == null || next.timeNanos > endNanos) {
                nowNanos = endNanos;
                return false;
            }
            step();
        }
        return true;
    }

    /// Runs everything due in the next `durationNanos`; afterwards that time has passed.
    public void runFor(long durationNanos) {
        boolean _ = runUntil(() -> false, durationNanos);
    }

    /// Runs until nothing is left to do.
    public void runUntilIdle() {
        boolean _ = runUntil(() -> false);
    }

    /// Runs the next event; false if there is none.
    public boolean step() {
        Event event = events.poll();
        if (event == null) {
            return false;
        }
        nowNanos = event.timeNanos;
        if (!event.cancelled) {
            eventsRun++;
            trace(event.number);
            event.action.run();
            for (Runnable invariant : invariants) {
                invariant.run();
            }
        }
        return true;
    }

    /// Events that have happened.
    public long eventsRun() {
        return eventsRun;
    }

    /// Adds `fact` to the trace.
    public void trace(long fact) {
        long mixed = (traceHash ^ fact ^ nowNanos) * 0x9E3779B97F4A7C15L;
        traceHash = mixed ^ (mixed >>> 29);
    }

    /// A hash of everything that happened so far: equal for equal runs.
    public long traceHash() {
        return traceHash;
    }
}
