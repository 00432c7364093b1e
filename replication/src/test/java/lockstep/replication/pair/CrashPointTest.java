package lockstep.replication.pair;

import lockstep.replication.role.RoleState;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.function.BooleanSupplier;

/// A node that crashes exactly at a named point, killed or without power, costs nothing that was
/// acknowledged, and the pair comes back in sync. One pair lives through all rows of a kind, and
/// each has to be reached.
@NullUnmarked
final class CrashPointTest {
    private static final long MILLI = 1_000_000;

    /// During what, on which node as it is then, after how many times, at which point.
    private static final String ROWS =
            """
            load,       source, 2, log-write
            load,       source, 2, log-written
            load,       mirror, 2, log-write
            load,       mirror, 2, log-written
            load,       source, 1, cp-write
            load,       mirror, 1, cp-write
            load,       source, 1, cp-flush
            load,       source, 1, cp-superblock
            load,       mirror, 1, cp-superblock
            load,       source, 1, cp-committed
            load,       mirror, 1, cp-committed
            load,       source, 3, send-entries
            load,       mirror, 3, receive-entries
            load,       mirror, 3, send-entries-stored
            load,       source, 3, receive-entries-stored
            load,       source, 1, send-cp-commit
            load,       mirror, 1, receive-cp-commit
            load,       mirror, 1, send-cp-committed
            load,       source, 1, receive-cp-committed
            resync,     source, 0, state-record
            resync,     source, 0, state-recorded
            resync,     mirror, 0, state-recorded
            resync,     source, 0, send-resync-begin
            resync,     mirror, 0, receive-resync-begin
            resync,     mirror, 0, send-resync-ready
            resync,     source, 1, send-cp-data
            resync,     mirror, 1, receive-cp-data
            resync,     mirror, 0, cp-superblock
            resync,     source, 0, receive-cp-committed
            resync,     source, 0, send-go-live
            resync,     mirror, 0, receive-go-live
            resync,     source, 0, send-in-sync
            resync,     mirror, 0, receive-in-sync
            resync,     mirror, 0, send-in-sync-recorded
            resync,     source, 0, receive-in-sync-recorded
            switchover, source, 0, switchover-preparing
            switchover, source, 0, switchover-draining
            switchover, source, 0, switchover-promising
            switchover, source, 0, state-record
            switchover, source, 0, state-recorded
            switchover, source, 0, switchover-handed-over
            switchover, source, 0, send-handed-over
            switchover, mirror, 0, receive-handed-over
            switchover, mirror, 0, state-record
            switchover, mirror, 0, state-recorded
            switchover, mirror, 0, stripes-recovery
            switchover, mirror, 0, stripes-recovered
            switchover, source, 0, switchover-served
            takeover,   mirror, 0, takeover-fencing
            takeover,   mirror, 0, state-record
            takeover,   mirror, 0, state-recorded
            takeover,   mirror, 0, takeover-rolling-back
            takeover,   mirror, 0, takeover-replaying
            takeover,   mirror, 0, stripes-recovery
            takeover,   mirror, 0, stripes-recovered
            takeover,   mirror, 0, takeover-serving
            """;

    /// Longer than the lease and than a link lives without an answer, at the worst moments.
    private static final String STANDSTILLS =
            """
            load,       source, log-written
            load,       mirror, log-written
            load,       source, cp-superblock
            load,       mirror, cp-committed
            switchover, source, switchover-promising
            switchover, source, state-recorded
            switchover, mirror, receive-handed-over
            """;

    private PairSimulation pair;
    private SimNode source;
    private SimNode mirror;
    private boolean crashed;

    private void setUp(long seed) {
        pair = new PairSimulation(seed);
        for (SimNode node : new SimNode[] {pair.a, pair.b}) {
            node.faults.wanted = true;
            node.faults.onCrash =
                    () -> {
                        crashed = true;
                        boolean powerCut = pair.random.nextBoolean();
                        pair.simulation.schedule(0, () -> crash(node, powerCut));
                    };
        }
        PairSetUp.run(pair);
        pair.workFor(10 * MILLI);
        source = pair.source();
        mirror = source.peer;
    }

    private void crash(SimNode node, boolean powerCut) {
        if (node.alive) {
            boolean served = pair.source() == node;
            pair.crash(node, powerCut);
            if (served) {
                pair.abandonOutstanding();
            }
        }
    }

    private void until(BooleanSupplier condition) {
        for (int i = 0; i < 20_000 && !crashed && !condition.getAsBoolean(); i++) {
            pair.simulation.runFor(MILLI / 4);
        }
    }

    private void work(long millis) {
        for (int i = 0; i < millis && !crashed; i++) {
            pair.workFor(MILLI);
        }
    }

    private RoleState stateOf(SimNode node) {
        return node.replica == null ? RoleState.OPENING : node.replica.status().state();
    }

    private void load() {
        work(300);
    }

    /// The mirror is away, the source goes on alone, and the mirror is brought up to date.
    private void resync() {
        crash(mirror, false);
        until(() -> stateOf(source) == RoleState.SUSPENDED);
        if (!crashed) {
            source.loop.call(() -> source.replica.detach(_ -> {}));
            work(60);
        }
        if (!crashed) {
            mirror.start();
            work(400);
        }
    }

    private void switchover() {
        source.loop.call(() -> source.replica.switchOver((_, _) -> {}));
        until(() -> stateOf(mirror) == RoleState.IN_SYNC);
        work(50);
    }

    private void takeover() {
        crash(source, true);
        mirror.loop.call(() -> mirror.replica.takeover(true, false, _ -> {}));
        until(() -> false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"load", "resync", "switchover", "takeover"})
    void s8NothingAcknowledgedIsLost(String when) {
        int seed = Integer.getInteger("seed", when.length());
        setUp(seed);
        for (String row : ROWS.lines().toList()) {
            String[] cells = row.split(", *", -1);
            if (cells[0].equals(when)) {
                crashAt(when, cells[1], Long.parseLong(cells[2]), cells[3]);
                pair.recover();
            }
        }
    }

    private void crashAt(String when, String who, long skip, String point) {
        source = pair.source();
        mirror = source.peer;
        crashed = false;
        SimNode node = who.equals("source") ? source : mirror;
        node.faults.crashAt(point, skip);
        switch (when) {
            case "load" -> load();
            case "resync" -> resync();
            case "switchover" -> switchover();
            case "takeover" -> takeover();
            default -> throw new AssertionError(when);
        }
        pair.check(crashed, who + " comes to " + point + " during " + when);
        pair.simulation.runFor(2 * MILLI);
        pair.check(!node.alive, "it crashed at " + point);
    }

    @Test
    void aNodeThatStandsStillCostsNothing() {
        setUp(Integer.getInteger("seed", 7));
        for (String row : STANDSTILLS.lines().toList()) {
            String[] cells = row.split(", *", -1);
            source = pair.source();
            SimNode node = cells[1].equals("source") ? source : source.peer;
            node.faults.stallAt(cells[2], 0);
            if (cells[0].equals("switchover")) {
                source.loop.call(() -> source.replica.switchOver((_, _) -> {}));
            }
            for (int i = 0; i < 2_000 && !node.faults.stalled; i++) {
                pair.workFor(MILLI);
            }
            pair.check(node.faults.stalled, "it comes to " + row);
            pair.workFor(20 * MILLI);
            pair.simulation.runFor(1_000 * MILLI);
            pair.workFor(20 * MILLI);
            pair.recover();
        }
    }
}
