package lockstep.replication.pair;

import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;
import lockstep.replication.role.SwitchoverStage;
import lockstep.replication.wire.VolumeMessage;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/// Planned switchovers under load. Most are disturbed: a link breaks or clogs, either node is
/// killed or loses power, at a random moment or right after a stage was entered; and then an
/// operator may take over what is left. One that nothing disturbs has to end with the roles
/// exchanged and the pair in sync, with nothing sent again.
final class MoveRounds {
    private final PairSimulation pair;
    long begun;
    long ended;
    long longestPauseNanos;
    private long quotaHeard;

    MoveRounds(PairSimulation pair) {
        this.pair = pair;
    }

    void round() {
        SplittableRandom random = pair.random;
        SimNode from = pair.source();
        SimNode to = from.peer;
        int eventsBefore = from.events.size();
        listen(to);
        Ended end = begin(from);
        int fault = random.nextInt(6);
        if (fault > 1) {
            pair.workFor(random.nextLong(30_000_000L));
            if (random.nextInt(3) > 0) {
                awaitStage(from, eventsBefore);
            }
        }
        switch (fault) {
            case 0, 1 -> undisturbed(from, eventsBefore, end);
            case 2 -> pair.network.breakConnections("a", "b");
            case 3 -> {
                pair.network.cutBoth("a", "b");
                pair.workFor(random.nextLong(500_000_000L));
                pair.network.heal();
            }
            case 4 -> crash(from);
            default -> crash(to);
        }
        pair.workFor(random.nextLong(100_000_000L));
        end.check(pair);
        to.tamper = UnaryOperator.identity();
    }

    /// What `to` hears, as a source, that its mirror keeps of its log.
    private void listen(SimNode to) {
        quotaHeard = 0;
        to.tamper =
                message -> {
                    if (message instanceof VolumeMessage.LogQuota told
                            && to.replica.active() != null) {
                        quotaHeard = told.bytes();
                    }
                    return message;
                };
    }

    /// What the operator hears.
    private static final class Ended {
        boolean ended;
        Refusal refusal;
        long pauseNanos;

        void check(PairSimulation pair) {
            pair.check(
                    refusal == null || !refusal.what().contains("not in sync"),
                    "a pair in sync may be switched over: " + refusal);
        }
    }

    private Ended begin(SimNode from) {
        begun++;
        Ended end = new Ended();
        from.loop.call(
                () ->
                        from.replica.switchOver(
                                (refusal, pauseNanos) -> {
                                    end.ended = true;
                                    end.refusal = refusal;
                                    end.pauseNanos = pauseNanos;
                                    if (refusal == null) {
                                        ended++;
                                        longestPauseNanos = Math.max(longestPauseNanos, pauseNanos);
                                    }
                                }));
        return end;
    }

    /// Until some stage is entered, and a little longer.
    private void awaitStage(SimNode from, int eventsBefore) {
        SwitchoverStage[] stages = SwitchoverStage.values();
        String wanted = "switchover: " + stages[1 + pair.random.nextInt(stages.length - 1)];
        pair.simulation.runUntil(
                () -> from.events.subList(eventsBefore, from.events.size()).contains(wanted),
                300_000_000L);
        pair.simulation.runFor(pair.random.nextLong(1 + pair.random.nextLong(4_000_000L)));
    }

    private void undisturbed(SimNode from, int eventsBefore, Ended end) {
        SimNode to = from.peer;
        int eventsOfTo = to.events.size();
        for (int i = 0; i < 2000 && !end.ended; i++) {
            pair.workFor(1_000_000L);
        }
        pair.check(end.ended && end.refusal == null, "a switchover ends: " + end.refusal);
        pair.check(pair.source() == to, "the partner serves");
        pair.check(
                to.replica.status().state() == RoleState.IN_SYNC
                        && from.replica.status().state() == RoleState.MIRRORING,
                "in sync at once");
        pair.workFor(20_000_000L);
        pair.await(() -> quotaHeard == from.quota, "the new source knows how much log there is");
        noResync(from.events.subList(eventsBefore, from.events.size()));
        noResync(to.events.subList(eventsOfTo, to.events.size()));
    }

    private void noResync(List<String> events) {
        pair.check(
                events.stream().noneMatch(e -> e.contains("resync") || e.contains("link lost")),
                "nothing is sent again: " + events);
    }

    private void crash(SimNode node) {
        pair.crash(node, pair.random.nextBoolean());
        pair.abandonOutstanding();
        pair.workFor(pair.random.nextLong(100_000_000L));
        SimNode left = node.peer;
        if (left.replica.active() == null && pair.random.nextInt(3) == 0) {
            Refusal refusal = left.takeOver(true);
            if (refusal == null) {
                pair.takeovers++;
                pair.verifyAll();
            }
        }
        node.start();
    }
}
