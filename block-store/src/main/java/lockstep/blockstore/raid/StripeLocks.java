package lockstep.blockstore.raid;

import lockstep.blockstore.base.Check;

import java.util.ArrayList;
import java.util.List;

/// Stripes in use: nobody reconstructs from a stripe while it is being changed. First come, first
/// served among those that overlap.
final class StripeLocks {
    private record Range(long dbn, long count) {
        boolean overlaps(Range other) {
            return dbn < other.dbn + other.count && other.dbn < dbn + count;
        }
    }

    private record Waiter(Range range, Runnable granted) {}

    private final List<Range> held = new ArrayList<>();
    private final List<Waiter> waiting = new ArrayList<>();

    /// Runs `granted`, now or later, when the stripes are the caller's alone.
    void lock(long dbn, long count, Runnable granted) {
        Range range = new Range(dbn, count);
        boolean free =
                held.stream().noneMatch(range::overlaps)
                        && waiting.stream().noneMatch(other -> range.overlaps(other.range()));
        if (free) {
            held.add(range);
            granted.run();
        } else {
            waiting.add(new Waiter(range, granted));
        }
    }

    void unlock(long dbn, long count) {
        Check.that(held.remove(new Range(dbn, count)), "a held range is unlocked");
        List<Waiter> before = List.copyOf(waiting);
        waiting.clear();
        List<Runnable> next = new ArrayList<>();
        for (Waiter waiter : before) {
            boolean free =
                    held.stream().noneMatch(waiter.range()::overlaps)
                            && waiting.stream().noneMatch(w -> waiter.range().overlaps(w.range()));
            if (free) {
                held.add(waiter.range());
                next.add(waiter.granted());
            } else {
                waiting.add(waiter);
            }
        }
        next.forEach(Runnable::run);
    }
}
