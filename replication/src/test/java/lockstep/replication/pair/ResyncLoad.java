package lockstep.replication.pair;

import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;

import java.util.List;

/// Resyncs that are interrupted: the mirror is away while its source goes on alone; it comes back,
/// and in the middle of the resync the link breaks or a node goes down, again and again. The mirror
/// holds one whole image all the time (invariant 7, which [ImageHistory] checks at each), and what
/// it gets is always the difference.
final class ResyncLoad {
    private final PairSimulation pair;
    private final int[] seen = new int[2];
    long differences;
    long everything;
    long interruptions;

    ResyncLoad(PairSimulation pair) {
        this.pair = pair;
    }

    void interrupted() {
        SimNode source = pair.source();
        SimNode mirror = source.peer;
        boolean cut = pair.random.nextBoolean();
        if (cut) {
            pair.network.cutBoth("a", "b");
        } else {
            pair.crash(mirror, pair.random.nextBoolean());
        }
        pair.goAlone(source);
        pair.workFor(pair.random.nextLong(200_000_000L));
        int times = 1 + pair.random.nextInt(3);
        for (int i = 0; i < times; i++) {
            interrupt(source, mirror);
        }
    }

    private void interrupt(SimNode source, SimNode mirror) {
        pair.network.heal();
        if (!mirror.alive) {
            mirror.start();
        }
        if (!source.alive) {
            source.start();
        }
        pace(source, (64L << 10) << pair.random.nextInt(6));
        pair.simulation.runUntil(
                () ->
                        source.replica != null
                                && source.replica.status().state() == RoleState.RESYNCING,
                1_000_000_000L);
        pair.workFor(pair.random.nextLong(60_000_000L));
        interruptions++;
        switch (pair.random.nextInt(4)) {
            case 0 -> pair.network.breakConnections("a", "b");
            case 1 -> {
                pair.crash(mirror, pair.random.nextBoolean());
                pair.workFor(pair.random.nextLong(100_000_000L));
            }
            case 2 -> {
                pair.crash(source, pair.random.nextBoolean());
                pair.abandonOutstanding();
                refusedWithoutForce(mirror);
            }
            default -> {
                pair.network.cutBoth("a", "b");
                pair.workFor(400_000_000L);
            }
        }
    }

    /// Invariant 6: in the middle of a resync a mirror lacks acknowledged writes.
    private void refusedWithoutForce(SimNode mirror) {
        if (mirror.replica == null
                || mirror.replica.copy().state().sync().name().equals("IN_SYNC")) {
            return;
        }
        Refusal refusal = mirror.takeOver(true);
        pair.check(refusal != null, "a mirror that is out of sync is not activated without force");
    }

    private void pace(SimNode node, long bytesPerSecond) {
        if (node.alive && node.replica != null) {
            node.replica.resyncPace().bytesPerSecond(bytesPerSecond);
        }
    }

    void unlimited() {
        for (SimNode node : List.of(pair.a, pair.b)) {
            pace(node, 0);
        }
    }

    /// How the resyncs since the last look went.
    void count() {
        for (SimNode node : List.of(pair.a, pair.b)) {
            int index = node == pair.a ? 0 : 1;
            for (String event : node.events.subList(seen[index], node.events.size())) {
                differences += event.startsWith("resync: sending what is newer") ? 1 : 0;
                everything += event.startsWith("resync: there is no common") ? 1 : 0;
            }
            seen[index] = node.events.size();
        }
    }
}
