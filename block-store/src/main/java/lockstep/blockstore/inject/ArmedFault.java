package lockstep.blockstore.inject;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/// A fault that was set, and what has come of it.
public final class ArmedFault {
    private final long id;
    private final Fault fault;
    private final Firing firing;
    private final List<Runnable> held = new ArrayList<>();
    private long passed;
    private long fired;
    private boolean cleared;

    ArmedFault(long id, Fault fault, Firing firing) {
        this.id = id;
        this.fault = fault;
        this.firing = firing;
    }

    /// By which it is cleared.
    public long id() {
        return id;
    }

    /// What it is.
    public Fault fault() {
        return fault;
    }

    /// When it happens.
    public Firing firing() {
        return firing;
    }

    /// How often it has happened.
    public long fired() {
        return fired;
    }

    /// How many operations wait until it is cleared.
    public int waiting() {
        return held.size();
    }

    /// Whether it has happened as often as it was to.
    public boolean isSpent() {
        return firing.count() > 0 && fired >= firing.count();
    }

    /// Whether it is not cleared yet; what it began lasts as long.
    public boolean isSet() {
        return !cleared;
    }

    /// Keeps `task` until the fault is cleared, which runs it in a turn of its own.
    public void hold(Runnable task) {
        held.add(task);
    }

    /// It could happen now: whether it does. `lots` are drawn where that is left to chance.
    boolean fires(LongSupplier lots) {
        if (cleared || isSpent()) {
            return false;
        }
        if (passed < firing.skip()) {
            passed++;
            return false;
        }
        if (firing.oneIn() > 1 && Math.floorMod(lots.getAsLong(), firing.oneIn()) != 0) {
            return false;
        }
        fired++;
        return true;
    }

    List<Runnable> clear() {
        cleared = true;
        List<Runnable> late = List.copyOf(held);
        held.clear();
        return late;
    }
}
