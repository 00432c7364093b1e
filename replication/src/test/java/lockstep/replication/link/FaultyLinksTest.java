package lockstep.replication.link;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.inject.ArmedFault;
import lockstep.blockstore.inject.FaultPlan;
import lockstep.blockstore.inject.Firing;
import lockstep.blockstore.inject.PointFault;
import lockstep.blockstore.sim.Simulation;
import lockstep.replication.inject.FaultyLinks;
import lockstep.replication.inject.LinkEffect;
import lockstep.replication.inject.LinkFault;
import lockstep.replication.sim.SimNetwork;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Faults that node "a" has injected into its link with "b". The nodes check that what a link
/// carries comes in order and without a gap.
@NullUnmarked
class FaultyLinksTest {
    private static final long SECOND = 1_000_000_000L;

    private final Simulation simulation = new Simulation(1);
    private final SimNetwork network = new SimNetwork(simulation);
    private final LinkNode a = new LinkNode(simulation, network, "a", 1, 1);
    private final LinkNode b = new LinkNode(simulation, network, "b", 2, 1);
    private final List<String> crashes = new ArrayList<>();
    private final FaultPlan plan =
            new FaultPlan(
                    a.loop,
                    () -> 0,
                    new FaultPlan.Node() {
                        @Override
                        public void begins(ArmedFault fault) {}

                        @Override
                        public void crash(String point) {
                            crashes.add(point);
                        }

                        @Override
                        public void stall(long nanos) {
                            crashes.add("stall");
                        }
                    });
    private final FaultyLinks links = new FaultyLinks(plan);

    @BeforeEach
    void join() {
        network.join("a", a.loop, links.accepting(a.hub::accepted));
    }

    private void keep(boolean aDials) {
        Dialer dialer = links.dialing(b.identity.uuid(), network.dialer("a", "b"));
        a.keep(b.identity, aDials ? dialer : null);
        b.keep(a.identity, aDials ? null : network.dialer("b", "a"));
        assertThat(bothUp(SECOND)).isTrue();
    }

    private boolean bothUp(long within) {
        return simulation.runUntil(() -> a.isUp() && b.isUp(), within);
    }

    private ArmedFault set(LinkEffect effect, UUID peer, Firing firing) {
        ArmedFault[] armed = new ArmedFault[1];
        LinkFault fault = new LinkFault(effect, peer, SECOND / 10);
        a.loop.call(() -> armed[0] = plan.set(fault, firing, 0));
        return armed[0];
    }

    private void sendBothWays(int count) {
        for (int i = 0; i < count; i++) {
            a.sendNext();
            b.sendNext();
            simulation.runFor(SECOND / 1000);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withoutAFaultALinkIsAsEver(boolean aDials) {
        keep(aDials);
        sendBothWays(20);
        simulation.runFor(30 * SECOND);
        assertThat(a.messages).hasSize(20);
        assertThat(b.messages).hasSize(20);
        assertThat(a.events).containsExactly("up b");
        assertThat(crashes).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"CUT", "BLACK_HOLE", "DROP_IN", "DROP_OUT"})
    void aLinkThatSuffersIsLostOnBothSidesAndComesBackAfterwards(LinkEffect effect) {
        keep(true);
        sendBothWays(5);
        ArmedFault armed = set(effect, null, Firing.ALWAYS);
        sendBothWays(5);
        assertThat(simulation.runUntil(() -> !a.isUp() && !b.isUp(), 2 * SECOND)).isTrue();
        simulation.runFor(30 * SECOND);
        assertThat(a.isUp() && b.isUp()).as("as long as it is set").isFalse();
        assertThat(armed.fired()).isGreaterThan(1);
        a.loop.call(() -> plan.clear(armed.id()));
        assertThat(bothUp(20 * SECOND)).isTrue();
        int before = b.messages.size();
        sendBothWays(5);
        simulation.runFor(SECOND);
        assertThat(b.messages).hasSize(before + 5);
    }

    @ParameterizedTest
    @EnumSource(names = {"CUT", "BLACK_HOLE", "DROP_IN", "DROP_OUT"})
    void whoDialsInSuffersToo(LinkEffect effect) {
        keep(false);
        ArmedFault armed = set(effect, b.identity.uuid(), Firing.ALWAYS);
        assertThat(simulation.runUntil(() -> !a.isUp() || !b.isUp(), 2 * SECOND)).isTrue();
        simulation.runFor(20 * SECOND);
        assertThat(a.isUp() && b.isUp()).isFalse();
        a.loop.call(() -> plan.clear(armed.id()));
        assertThat(bothUp(20 * SECOND)).isTrue();
    }

    @Test
    void aCutThatIsToComeOnceEndsOneConnection() {
        keep(true);
        ArmedFault armed = set(LinkEffect.CUT, null, Firing.ONCE);
        assertThat(simulation.runUntil(() -> !a.isUp(), SECOND)).isTrue();
        assertThat(a.events.getLast()).contains("cut by an injected fault");
        assertThat(bothUp(SECOND)).isTrue();
        assertThat(armed.isSpent()).isTrue();
    }

    @Test
    void aFaultOfAnotherPeersLinkIsNotThisOnes() {
        keep(false);
        set(LinkEffect.CUT, new UUID(9, 9), Firing.ALWAYS);
        simulation.runFor(5 * SECOND);
        sendBothWays(3);
        simulation.runFor(SECOND);
        assertThat(a.events).containsExactly("up b");
        assertThat(a.messages).hasSize(3);
    }

    @Test
    void aBlackHoleHidesTheEndOfAConnection() {
        keep(true);
        set(LinkEffect.BLACK_HOLE, null, Firing.ALWAYS);
        network.crash("b", false);
        simulation.runFor(SECOND / 10);
        assertThat(a.isUp()).as("nobody has told").isTrue();
        assertThat(simulation.runUntil(() -> !a.isUp(), 2 * SECOND)).isTrue();
        assertThat(a.events.getLast()).startsWith("lost: no round trip for ");
    }

    @Test
    void theEndThatABlackHoleHasHiddenIsToldWhenItIsCleared() {
        keep(true);
        ArmedFault armed = set(LinkEffect.BLACK_HOLE, null, Firing.ALWAYS);
        network.crash("b", false);
        simulation.runFor(SECOND / 10);
        a.loop.call(() -> plan.clear(armed.id()));
        assertThat(simulation.runUntil(() -> !a.isUp(), SECOND / 10)).isTrue();
    }

    @Test
    void n7WhatIsDelayedComesLateAndInOrderBothWaysAlsoWhenItIsCleared() {
        keep(true);
        ArmedFault armed = set(LinkEffect.DELAY, null, Firing.ALWAYS);
        sendBothWays(50);
        assertThat(a.messages).isEmpty();
        assertThat(b.messages).isEmpty();
        simulation.runFor(SECOND / 5);
        assertThat(a.messages).hasSize(50);
        assertThat(b.messages).hasSize(50);
        sendBothWays(20);
        assertThat(a.link.queuedBytes()).isPositive();
        a.loop.call(() -> plan.clear(armed.id()));
        sendBothWays(20);
        simulation.runFor(5 * SECOND);
        assertThat(a.messages).hasSize(90);
        assertThat(b.messages).hasSize(90);
        assertThat(a.events).containsExactly("up b");
    }

    @Test
    void aLinkThatDelaysTooMuchIsLostAndMadeAgain() {
        keep(true);
        LinkFault fault = new LinkFault(LinkEffect.DELAY, null, SECOND);
        a.loop.call(() -> plan.set(fault, Firing.ALWAYS, 10 * SECOND));
        sendBothWays(3);
        assertThat(simulation.runUntil(() -> !a.isUp(), 3 * SECOND)).isTrue();
        simulation.runFor(10 * SECOND);
        assertThat(bothUp(10 * SECOND)).isTrue();
    }

    @Test
    void aCrashBeforeAMessageIsSentLeavesItUnsentAndOneBehindItUndone() {
        keep(true);
        a.loop.call(() -> plan.set(new PointFault.Crash("send-fault"), new Firing(2, 1, 1), 0));
        sendBothWays(2);
        assertThat(crashes).isEmpty();
        a.sendNext();
        assertThat(crashes).containsExactly("send-fault");
        a.loop.call(() -> plan.set(new PointFault.Crash("receive-fault"), Firing.ONCE, 0));
        b.sendNext();
        simulation.runFor(SECOND / 10);
        assertThat(crashes).containsExactly("send-fault", "receive-fault");
        assertThat(a.messages).hasSize(2);
        assertThat(b.messages).hasSize(2);
    }
}
