package lockstep.target.scsi;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/// Unit attention conditions of one logical unit, queued per nexus; each is reported once. A
/// condition that is pending already is not queued again, so the queue never holds more than there
/// are conditions. A reset of any kind stands for all that was pending before it (SAM-5 5.14).
final class UnitAttentions {
    /// The additional sense code of power on, resets and nexus loss.
    private static final int RESET = 0x29;

    private final Map<Nexus, Deque<Sense>> pending = new LinkedHashMap<>();

    /// A nexus came: it is told `first` before anything else.
    void open(Nexus nexus, Sense first) {
        Deque<Sense> conditions = new ArrayDeque<>();
        conditions.add(first);
        pending.put(nexus, conditions);
    }

    /// A nexus went.
    void close(Nexus nexus) {
        pending.remove(nexus);
    }

    /// Establishes `condition` for one nexus.
    void establish(Sense condition, Nexus nexus) {
        Deque<Sense> conditions = pending.get(nexus);
        if (conditions == null || conditions.contains(condition)) {
            return;
        }
        if (condition.code() == RESET) {
            conditions.clear();
        }
        conditions.add(condition);
    }

    /// Establishes `condition` for the nexus of this initiator port, if it is logged in.
    void establish(Sense condition, String initiatorPort) {
        for (Nexus nexus : pending.keySet()) {
            if (nexus.toString().equals(initiatorPort)) {
                establish(condition, nexus);
            }
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

    /// `nexus` knows by now.
    void clear(Sense condition, Nexus nexus) {
        Deque<Sense> conditions = pending.get(nexus);
        if (conditions != null) {
            conditions.remove(condition);
        }
    }

    /// The next condition for `nexus`, which is cleared by this; null if none is pending.
    @Nullable Sense take(Nexus nexus) {
        Deque<Sense> conditions = pending.get(nexus);
        return conditions == null ? null : conditions.poll();
    }
}
