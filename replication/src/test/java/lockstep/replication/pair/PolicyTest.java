package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.replication.role.PairPolicy;
import lockstep.replication.role.PairPolicy.Kind;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// The two policies, by the rows of the fault model: N are faults of the network, S of a partner.
@DisplayName("Policies")
final class PolicyTest {
    private static final long SECOND = 1_000_000_000L;
    private static final PairPolicy AVAILABLE = new PairPolicy(Kind.AVAILABLE, 0, 0);

    private final PairSimulation pair = new PairSimulation(5);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;

    PolicyTest() {
        PairSetUp.run(pair);
        pair.workFor(30_000_000L);
    }

    private RoleState state(SimNode node) {
        return node.replica.status().state();
    }

    private Sync sync(SimNode node) {
        return node.replica.copy().state().sync();
    }

    private void available() {
        pair.policies.set(AVAILABLE);
        pair.workFor(30_000_000L);
    }

    private void back() {
        pair.network.heal();
        pair.workFor(30_000_000L);
        pair.awaitInSync();
        pair.verifyAll();
    }

    private Refusal takeOver(boolean acceptLoss) {
        List<Refusal> ended = new ArrayList<>();
        mirror.loop.call(() -> mirror.replica.takeover(true, acceptLoss, ended::add));
        pair.await(() -> !ended.isEmpty(), "the takeover ends");
        return ended.getFirst();
    }

    @Test
    void aPolicyHasItsBytes() {
        PairPolicy policy = new PairPolicy(Kind.AVAILABLE, 90, 1L << 31);
        byte[] bytes = policy.encode().array();
        assertThat(HexFormat.of().formatHex(bytes))
                .isEqualTo("01010000" + "000000000000005a" + "0000000080000000");
        assertThat(PairPolicy.of(bytes)).isEqualTo(policy);
        assertThat(PairPolicy.of(null)).isEqualTo(PairPolicy.STRICT);
        bytes[0] = 2;
        assertThat(PairPolicy.of(bytes)).isNull();
    }

    @Test
    void n1StrictWaitsForTheMirrorForEver() {
        pair.network.cutBoth("a", "b");
        pair.simulation.runFor(6 * SECOND);
        assertThat(state(source)).isEqualTo(RoleState.SUSPENDED);
        assertThat(sync(source)).isEqualTo(Sync.IN_SYNC);
        back();
    }

    @Test
    void n1AvailableGoesOnWhenItHasWaited() {
        available();
        pair.network.cutBoth("a", "b");
        pair.await(() -> state(source) == RoleState.SUSPENDED, "it waits first");
        pair.await(() -> state(source) == RoleState.ALONE, "then it goes on");
        assertThat(sync(source)).isEqualTo(Sync.OUT_OF_SYNC);
        long before = pair.history.acknowledgedSectors;
        pair.workFor(SECOND);
        assertThat(pair.history.acknowledgedSectors).isGreaterThan(before);
        assertThat(source.replica.status().exposed().writes()).isPositive();
        assertThat(source.replica.status().exposed().sinceMillis()).isPositive();
        back();
        assertThat(source.replica.status().exposed().sinceMillis()).isZero();
    }

    @Test
    void n3AMirrorOnItsOwnServesNothing() {
        available();
        pair.network.cutBoth("a", "b");
        pair.simulation.runFor(6 * SECOND);
        assertThat(mirror.replica.active()).isNull();
        assertThat(state(mirror)).isEqualTo(RoleState.WAITING);
        back();
    }

    @Test
    void n4OneDirectionIsNoLink() {
        available();
        pair.network.cut("b", "a");
        pair.await(() -> state(source) == RoleState.ALONE, "no round trip is no link");
        back();
    }

    @Test
    void n11FlappingNeverLosesTheMirror() {
        available();
        // So often that the pause before dialling again stays shorter than the source's patience.
        for (int i = 0; i < 4; i++) {
            pair.network.breakConnections("a", "b");
            pair.workFor(200_000_000L + (100_000_000L << i));
            assertThat(sync(source)).isEqualTo(Sync.IN_SYNC);
        }
        back();
        assertThat(source.events).filteredOn(e -> e.contains("resync")).hasSize(1);
    }

    @Test
    void s4TwoThatWentOnAloneSaySo() {
        available();
        pair.network.cutBoth("a", "b");
        pair.await(() -> state(source) == RoleState.ALONE, "it goes on");
        pair.workFor(SECOND);
        assertThat(takeOver(true)).isNull();
        pair.network.heal();
        pair.await(() -> state(source) == RoleState.DIVERGED, "the old source sees it");
        source.loop.call(() -> source.replica.discard(_ -> {}));
        pair.await(() -> state(mirror) == RoleState.IN_SYNC, "the one kept gets a mirror");
    }

    @Test
    void s6OneThatRestartsAloneWaits() {
        available();
        pair.crash(mirror, false);
        pair.crash(source, true);
        pair.abandonOutstanding();
        source.start();
        pair.simulation.runFor(6 * SECOND);
        assertThat(state(source)).isEqualTo(RoleState.JOINING);
        mirror.start();
        back();
    }

    @Test
    void s7WithoutALinkAnAvailableMirrorNeedsForce() {
        available();
        pair.crash(source, true);
        pair.abandonOutstanding();
        assertThat(sync(mirror)).isEqualTo(Sync.IN_SYNC);
        Refusal refusal = takeOver(false);
        assertThat(refusal.what()).contains("may have acknowledged writes alone");
        assertThat(refusal.whatToDo()).contains("--accept-data-loss");
        assertThat(takeOver(true)).isNull();
        pair.verifyAll();
    }

    @Test
    void s7AVolumeMadeStrictAgainNeedsNoForce() {
        available();
        pair.policies.set(PairPolicy.STRICT);
        pair.crash(source, true);
        pair.abandonOutstanding();
        assertThat(takeOver(false)).isNull();
        pair.verifyAll();
    }

    /// The mirror has stored it, but cannot say so any more; or it has not. Either way nobody goes
    /// on alone.
    @Test
    void availableCountsOnlyWhenTheMirrorIsKnownToKnow() {
        for (String[] cut : new String[][] {{"a", "b"}, {"b", "a"}}) {
            pair.network.cut(cut[0], cut[1]);
            boolean[] done = new boolean[1];
            source.loop.call(() -> source.replica.setPolicy(AVAILABLE, o -> done[0] = o.isDone()));
            pair.simulation.runFor(6 * SECOND);
            assertThat(done[0]).isFalse();
            assertThat(state(source)).isEqualTo(RoleState.SUSPENDED);
            back();
            pair.policies.set(PairPolicy.STRICT);
        }
    }

    @Test
    void aBudgetOfTimeEnds() {
        pair.policies.set(new PairPolicy(Kind.AVAILABLE, 3, 0));
        pair.network.cutBoth("a", "b");
        pair.await(() -> state(source) == RoleState.ALONE, "it goes on");
        long began = pair.simulation.nowNanos();
        pair.await(() -> state(source) == RoleState.SUSPENDED, "the budget ends");
        assertThat(pair.simulation.nowNanos() - began).isLessThan(3 * SECOND + SECOND / 100);
        assertThat(source.replica.status().reason()).contains("budget of 3 s");
        pair.workFor(SECOND);
        assertThat(state(source)).isEqualTo(RoleState.SUSPENDED);
        back();
    }

    @Test
    void aBudgetOfBytesIsNeverExceeded() {
        long most = 300_000;
        pair.policies.set(new PairPolicy(Kind.AVAILABLE, 0, most));
        pair.network.cutBoth("a", "b");
        pair.await(() -> state(source) == RoleState.ALONE, "it goes on");
        ActiveVolume active = source.replica.active();
        for (int i = 0; i < 400 && state(source) == RoleState.ALONE; i++) {
            pair.workFor(10_000_000L);
            assertThat(active.unmirrored().bytes()).isLessThanOrEqualTo(most);
        }
        assertThat(state(source)).isEqualTo(RoleState.SUSPENDED);
        long written = active.unmirrored().writes();
        pair.workFor(SECOND);
        assertThat(active.unmirrored().writes()).isEqualTo(written);
        source.loop.call(() -> source.replica.detach(_ -> {}));
        pair.workFor(SECOND);
        assertThat(active.unmirrored().writes()).as("detached: no budget").isGreaterThan(written);
        back();
    }
}
