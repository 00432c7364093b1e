package lockstep.target.scsi;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/// Unit attention conditions of one logical unit, queued per nexus; each is reported once. A
/// condition that is pending already is not queued again, so the queue never holds more than there
/// are conditions.
final class UnitAttentions {
    private final Map<Nexus, Deque<Sense>> pending = new LinkedHashMap<>();

    /// A nexus came: it is told first that the unit was powered on.
    void open(Nexus nexus) {
        Deque<Sense> conditions = new ArrayDeque<>();
        conditions.add(Sense.POWER_ON_OR_RESET_OCCURRED);
        pending.put(nexus, conditions);
    }

    /// A nexus went.
    void close(Nexus nexus) {
        pending.remove(nexus);
    }

    /// Establishes `condition` for one nexus.
    void establish(Sense condition, Nexus nexus) {
        Deque<Sense> conditions = pending.get(nexus);
        if (conditions != null && !conditions.contains(condition)) {
            conditions.add(condition);
        }
    }

    /// Establishes `condition` for every nexus but `except`.
    void establishForOthers(Sense condition, @Nullable Nexus except) {
        for (Nexus nexus : pending.keySet()) {
            if (nexus != except) {
                establish(condition, nexus);
            }
        }
    }

    /// The next condition for `nexus`, which is cleared by this; null if none is pending.
    @Nullable Sense take(Nexus nexus) {
        Deque<Sense> conditions = pending.get(nexus);
        return conditions == null ? null : conditions.poll();
    }
}
