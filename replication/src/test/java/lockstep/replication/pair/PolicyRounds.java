package lockstep.replication.pair;

import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.Legs;
import lockstep.replication.role.PairPolicy;
import lockstep.replication.role.PairPolicy.Kind;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;

import java.util.SplittableRandom;

/// Volumes whose source may go on alone, with or without a budget, and whose policy changes under
/// way. Checked at every event: what serves without its mirror has said so durably before. And a
/// mirror that knows of the policy is not activated without force.
final class PolicyRounds {
    private final PairSimulation pair;
    long alone;
    long spent;

    PolicyRounds(PairSimulation pair) {
        this.pair = pair;
    }

    /// The operator's word; it ends when both nodes have it.
    void set(PairPolicy policy) {
        SimNode source = pair.source();
        boolean[] ended = new boolean[1];
        source.loop.call(
                () -> source.replica.setPolicy(policy, outcome -> ended[0] = outcome.isDone()));
        pair.await(() -> ended[0], "the policy is changed");
    }

    /// The mirror is away for long, or nearly; under a policy that has just changed or not.
    void round() {
        SplittableRandom random = pair.random;
        if (random.nextInt(3) > 0) {
            set(
                    new PairPolicy(
                            random.nextInt(4) == 0 ? Kind.STRICT : Kind.AVAILABLE,
                            random.nextInt(3),
                            random.nextBoolean() ? 0 : 1 + random.nextLong(400_000)));
        }
        SimNode source = pair.source();
        boolean killed = random.nextBoolean();
        if (killed) {
            pair.crash(source.peer, random.nextBoolean());
        } else {
            pair.network.cutBoth("a", "b");
        }
        pair.workFor(random.nextLong(4_000_000_000L));
        count(source);
        if (!killed && random.nextInt(3) == 0) {
            pair.crash(source, random.nextBoolean());
            pair.abandonOutstanding();
            takeOver(source.peer);
            pair.network.heal();
            source.start();
            return;
        }
        pair.network.heal();
        if (killed) {
            source.peer.start();
        }
        pair.workFor(random.nextLong(100_000_000L));
    }

    private void count(SimNode source) {
        boolean outOfSync = source.replica.copy().state().sync() == CopyState.Sync.OUT_OF_SYNC;
        RoleState state = source.replica.status().state();
        alone += outOfSync && state == RoleState.ALONE ? 1 : 0;
        spent += outOfSync && state == RoleState.SUSPENDED ? 1 : 0;
    }

    private void takeOver(SimNode mirror) {
        boolean available = mirror.replica.policy().isAvailable();
        Refusal refusal = mirror.takeOver(true);
        pair.check(
                !available || refusal != null,
                "a mirror that may lack writes is not activated without force (invariant 6)");
        if (refusal == null) {
            pair.takeovers++;
            pair.verifyAll();
        }
    }

    /// Rule R1: nothing is acknowledged without the mirror unless this node has said so durably.
    void afterEvent(SimNode node) {
        ActiveVolume active = node.alive && node.replica != null ? node.replica.active() : null;
        if (active != null && active.isServing() && active.legs() == Legs.LOCAL) {
            CopyState state = node.replica.copy().state();
            pair.check(
                    state.role() == CopyState.Role.STANDALONE
                            || state.sync() == CopyState.Sync.OUT_OF_SYNC,
                    node.name + " serves alone and has not recorded it");
        }
    }
}
