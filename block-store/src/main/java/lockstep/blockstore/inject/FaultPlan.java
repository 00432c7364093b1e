package lockstep.blockstore.inject;

import lockstep.blockstore.io.EventLoop;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/// The faults that are set on one node. Wrappers of ports ask it each time a fault could happen; it
/// decides, counts, and keeps what a fault holds up until that is cleared. On the core loop only.
public final class FaultPlan {
    /// What the node does about faults.
    public interface Node {
        /// The fault happens for the first time.
        void begins(ArmedFault fault);

        /// The process ends here, without any clean-up, as in a crash at `point`. In a node this
        /// does not return; where it does, nothing that comes behind the point happens.
        void crash(String point);

        /// The node's loop runs nothing for `nanos`, as if the process stood still.
        void stall(long nanos);
    }

    private final EventLoop loop;
    private final LongSupplier entropy;
    private final Node node;
    private final Map<Long, ArmedFault> faults = new LinkedHashMap<>();
    private final List<Runnable> watchers = new ArrayList<>();
    private long lastId;

    /// An empty plan; `entropy` draws the lots of faults that happen now and then.
    public FaultPlan(EventLoop loop, LongSupplier entropy, Node node) {
        this.loop = loop;
        this.entropy = entropy;
        this.node = node;
    }

    /// The loop that owns it.
    public EventLoop loop() {
        return loop;
    }

    /// Sets `fault`; after `forNanos` it is cleared by itself (0: never).
    public ArmedFault set(Fault fault, Firing firing, long forNanos) {
        ArmedFault armed = new ArmedFault(++lastId, fault, firing);
        faults.put(armed.id(), armed);
        if (forNanos > 0) {
            loop.clock().schedule(forNanos, () -> clear(armed.id()));
        }
        changed();
        return armed;
    }

    /// Clears a fault; false if there is none by that id. What it holds up goes on.
    public boolean clear(long id) {
        ArmedFault gone = faults.remove(id);
        if (gone == null) {
            return false;
        }
        gone.clear().forEach(loop::execute);
        changed();
        return true;
    }

    /// Clears all faults; how many there were.
    public int clearAll() {
        List<Long> all = List.copyOf(faults.keySet());
        all.forEach(this::clear);
        return all.size();
    }

    /// All that are set, oldest first.
    public List<ArmedFault> list() {
        return List.copyOf(faults.values());
    }

    /// Whether none is set.
    public boolean isEmpty() {
        return faults.isEmpty();
    }

    /// `watcher` runs when a fault was set or cleared.
    public void whenChanged(Runnable watcher) {
        watchers.add(watcher);
    }

    private void changed() {
        List.copyOf(watchers).forEach(Runnable::run);
    }

    /// The first fault of `type` that `hits` and happens now; null if none does.
    public <F extends Fault> @Nullable Hit<F> take(Class<F> type, Predicate<F> hits) {
        for (ArmedFault armed : faults.values()) {
            if (type.isInstance(armed.fault())) {
                F fault = type.cast(armed.fault());
                if (hits.test(fault) && armed.fires(entropy)) {
                    if (armed.fired() == 1) {
                        node.begins(armed);
                    }
                    return new Hit<>(armed, fault);
                }
            }
        }
        return null;
    }

    /// A fault that happens now.
    public record Hit<F extends Fault>(ArmedFault armed, F fault) {}

    /// The node has come to `point`; whether it goes on. It does not where a crash is set there,
    /// and later where it is to stand still.
    public boolean reached(String point) {
        if (faults.isEmpty()) {
            return true;
        }
        Hit<PointFault.Stall> stall =
                take(PointFault.Stall.class, one -> one.point().equals(point));
        if (stall != null) {
            node.stall(stall.fault().nanos());
        }
        if (take(PointFault.Crash.class, one -> one.point().equals(point)) == null) {
            return true;
        }
        node.crash(point);
        return false;
    }

    /// As [#reached], before a step that can also be held up there: `next` takes it.
    public void step(StorePoint point, Runnable next) {
        if (!reached(point.label())) {
            return;
        }
        Hit<PointFault.Hold> hold =
                faults.isEmpty()
                        ? null
                        : take(PointFault.Hold.class, held -> held.point() == point);
        if (hold == null) {
            next.run();
        } else {
            hold.armed().hold(next);
        }
    }
}
