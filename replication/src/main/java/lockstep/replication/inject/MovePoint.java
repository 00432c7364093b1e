package lockstep.replication.inject;

import lockstep.replication.role.SwitchoverStage;
import lockstep.replication.role.TakeoverStage;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The named points of takeovers and switchovers: a stage is entered, and nothing of it is done.
/// They are known by the events that tell people of them, so no role has to know of faults.
public final class MovePoint {
    private static final Map<String, String> BY_EVENT = new LinkedHashMap<>();

    static {
        for (TakeoverStage stage : TakeoverStage.values()) {
            // Nobody is told of judging: nothing has changed then.
            if (stage != TakeoverStage.JUDGING) {
                BY_EVENT.put(stage.event(), "takeover-" + label(stage));
            }
        }
        for (SwitchoverStage stage : SwitchoverStage.values()) {
            BY_EVENT.put(stage.event(), "switchover-" + label(stage));
        }
    }

    private MovePoint() {}

    private static String label(Enum<?> stage) {
        return stage.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// The names of all.
    public static List<String> all() {
        return List.copyOf(BY_EVENT.values());
    }

    /// The point that `event` tells of; null if it is about something else.
    public static @Nullable String of(String event) {
        return BY_EVENT.get(event);
    }
}
