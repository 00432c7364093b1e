package lockstep.replication.pair;

import lockstep.blockstore.volume.ActiveVolume;
import lockstep.replication.role.Refusal;

import java.util.ArrayList;
import java.util.List;

/// Takeovers from a source that is cut off and lives: the operator is wrong, or cannot know. Hosts
/// that still reach the old source read there, and nothing that is older than what the new one has
/// acknowledged may come out (invariant 2, the lease).
final class StaleRounds {
    private static final long MILLI = 1_000_000L;

    private final PairSimulation pair;
    long takeovers;

    StaleRounds(PairSimulation pair) {
        this.pair = pair;
    }

    void round() {
        SimNode old = pair.source();
        SimNode mirror = old.peer;
        pair.network.cutBoth("a", "b");
        workAndRead(old, pair.random.nextLong(20 * MILLI));
        pair.abandonOutstanding();
        List<Refusal> ended = new ArrayList<>();
        mirror.loop.call(() -> mirror.replica.takeover(true, false, ended::add));
        for (int i = 0; i < 2_000 && ended.isEmpty(); i++) {
            workAndRead(old, MILLI);
        }
        pair.check(!ended.isEmpty(), "the takeover ends");
        // Under AVAILABLE the mirror cannot know whether its source has gone on.
        if (ended.getFirst() == null) {
            takeovers++;
            pair.abandonOutstanding();
            workAndRead(old, (20 + pair.random.nextLong(400)) * MILLI);
        }
        pair.network.heal();
    }

    private void workAndRead(SimNode old, long nanos) {
        long until = pair.simulation.nowNanos() + nanos;
        do {
            ActiveVolume active = old.replica.active();
            if (active != null && !active.luns().isEmpty()) {
                pair.readAnything(old);
            }
            pair.workFor(Math.min(nanos, MILLI));
        } while (pair.simulation.nowNanos() < until);
    }
}
