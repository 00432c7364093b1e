package lockstep.replication.link;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.sim.SimClock;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.replication.sim.SimNetwork;
import lockstep.replication.wire.LinkMessage;
import lockstep.replication.wire.Message;
import lockstep.replication.wire.MessageCodec;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.ProtocolVersion;
import lockstep.replication.wire.VolumeMessage;
import lockstep.replication.wire.WireSamples;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/// A link's life between two simulated nodes, "a" (who dials) and "b".
@DisplayName("The link: black holes, reconnects, leases")
class LinkKeeperTest {
    private static final long SECOND = 1_000_000_000L;

    private final Simulation simulation = new Simulation(1);
    private final SimNetwork network = new SimNetwork(simulation);
    private final LinkNode a = new LinkNode(simulation, network, "a", 1, 1);
    private final LinkNode b = new LinkNode(simulation, network, "b", 2, 1);

    private LinkKeeper join() {
        LinkKeeper keeper = a.keep(b.identity, network.dialer("a", "b"));
        b.keep(a.identity, null);
        assertThat(simulation.runUntil(() -> a.isUp() && b.isUp(), SECOND)).isTrue();
        return keeper;
    }

    @Test
    void bothSidesComeUpAndKnowEachOther() {
        LinkKeeper keeper = join();
        assertThat(a.events).containsExactly("up b");
        assertThat(b.events).containsExactly("up a");
        assertThat(keeper.peerIdentity()).isEqualTo(b.identity);
        assertThat(keeper.state()).isEqualTo(LinkState.UP);
        assertThat(network.openEnds()).isEqualTo(2);
    }

    @Test
    void aQuietLinkStaysUp() {
        join();
        simulation.runFor(600 * SECOND);
        assertThat(a.events).containsExactly("up b");
        assertThat(b.events).containsExactly("up a");
    }

    @Test
    void n6ABlackHoleIsNoticedOnBothSidesAndHealed() {
        join();
        network.cutBoth("a", "b");
        simulation.runFor(SECOND);
        assertThat(a.events.getLast()).startsWith("lost: no round trip for ");
        assertThat(b.events.getLast()).startsWith("lost: no round trip for ");
        network.heal();
        assertThat(simulation.runUntil(() -> a.isUp() && b.isUp(), 15 * SECOND)).isTrue();
    }

    /// What is heard proves nothing: b hears a all the time and gives the link up all the same.
    @Test
    void aCutOfOneWayIsALossForBoth() {
        join();
        network.cut("b", "a");
        simulation.runFor(2 * SECOND);
        assertThat(a.isUp()).isFalse();
        assertThat(b.isUp()).isFalse();
    }

    @Test
    void theSideThatIsHeardButDoesNotHearLosesTheLinkToo() {
        join();
        network.cut("a", "b");
        simulation.runFor(2 * SECOND);
        assertThat(a.isUp()).isFalse();
        assertThat(b.isUp()).isFalse();
    }

    @Test
    void aBrokenConnectionIsMadeAgain() {
        join();
        network.breakConnections("a", "b");
        assertThat(simulation.runUntil(() -> !a.isUp() && !b.isUp(), SECOND)).isTrue();
        assertThat(simulation.runUntil(() -> a.isUp() && b.isUp(), SECOND)).isTrue();
        assertThat(a.events).containsExactly("up b", "lost: connection reset", "up b");
    }

    @Test
    void aFlappingLinkIsDialledLessAndLess() {
        LinkKeeper keeper = join();
        for (int i = 0; i < 200; i++) {
            network.breakConnections("a", "b");
            simulation.runFor(SECOND / 10);
        }
        // Twenty seconds of breaking it ten times a second.
        assertThat(keeper.timesUp()).isBetween(4L, 14L);
        assertThat(simulation.runUntil(a::isUp, 6 * SECOND)).isTrue();
    }

    @Test
    void aRestartedPeerReplacesALinkThatWasNotYetMissed() {
        b.keep(a.identity, network.dialer("b", "a"));
        LinkKeeper keeper = a.keep(b.identity, null);
        assertThat(simulation.runUntil(() -> a.isUp() && b.isUp(), SECOND)).isTrue();
        network.crash("b", true);
        LinkNode again = new LinkNode(simulation, network, "b", 2, 2);
        again.keep(a.identity, network.dialer("b", "a"));
        assertThat(simulation.runUntil(again::isUp, SECOND)).isTrue();
        assertThat(a.events)
                .containsExactly("up b", "lost: peer has made a newer connection", "up b");
        assertThat(keeper.timesUp()).isEqualTo(2);
    }

    /// Two processes with one identity: a copied data directory.
    @Test
    void aPeerWhoseLinkStillAnswersIsNotThereTwice() {
        LinkKeeper keeper = join();
        List<Message> heard = rawDial(WireSamples.hello(b.identity, Long.MAX_VALUE));
        assertThat(heard).hasSize(1);
        assertThat(((LinkMessage.Refused) heard.getFirst()).reason())
                .isEqualTo(LinkMessage.Refusal.DOUBLE_IDENTITY);
        simulation.runFor(5 * SECOND);
        assertThat(a.events).containsExactly("up b");
        assertThat(keeper.state()).isEqualTo(LinkState.UP);
    }

    @Test
    void n8AHelloOfAnOlderIncarnationIsRefused() {
        join();
        List<Message> heard = rawDial(WireSamples.hello(b.identity, 0));
        assertThat(heard)
                .containsExactly(
                        new LinkMessage.Refused(LinkMessage.Refusal.STALE_INCARNATION, ""));
        assertThat(a.events).containsExactly("up b");
    }

    @Test
    void aStrangerIsRefused() {
        NodeIdentity stranger = LinkNode.identity("c", 3);
        assertThat(refusalOf(WireSamples.hello(stranger, 1)))
                .isEqualTo(LinkMessage.Refusal.UNKNOWN_NODE);
    }

    @Test
    void aVersionOfTheFutureIsRefused() {
        int next = ProtocolVersion.newest().number() + 1;
        assertThat(refusalOf(new LinkMessage.Hello(next, next + 1, b.identity, 1)))
                .isEqualTo(LinkMessage.Refusal.VERSION);
    }

    @Test
    void aNodeThatDialsItselfIsRefused() {
        assertThat(refusalOf(WireSamples.hello(a.identity, 1))).isEqualTo(LinkMessage.Refusal.SELF);
        LinkKeeper keeper = b.keep(a.identity, network.dialer("b", "b"));
        simulation.runFor(SECOND);
        assertThat(keeper.lastProblem()).startsWith("refused: SELF");
        assertThat(b.events).isEmpty();
    }

    @Test
    void twoNodesWithOneShortIdAreToldApart() {
        join();
        NodeIdentity third = LinkNode.identity("c", 3);
        a.keep(third, null);
        NodeIdentity forged = new NodeIdentity(b.identity.id(), third.uuid(), "c");
        assertThat(refusalOf(WireSamples.hello(forged, 1)))
                .isEqualTo(LinkMessage.Refusal.DOUBLE_IDENTITY);
        NodeIdentity mine = new NodeIdentity(a.identity.id(), third.uuid(), "c");
        assertThat(refusalOf(WireSamples.hello(mine, 1)))
                .isEqualTo(LinkMessage.Refusal.DOUBLE_IDENTITY);
    }

    @Test
    void anotherNodeAtThePeersAddressIsNotTaken() {
        LinkNode c = new LinkNode(simulation, network, "c", 3, 1);
        c.keep(a.identity, null);
        LinkKeeper keeper = a.keep(b.identity, network.dialer("a", "c"));
        simulation.runFor(SECOND);
        assertThat(keeper.lastProblem()).startsWith("found c (");
        assertThat(a.isUp()).isFalse();
    }

    @Test
    void whoSaysNothingIsClosedAfterTheHandshakeTime() {
        List<Message> heard = new ArrayList<>();
        List<String> closed = new ArrayList<>();
        SimEventLoop loop = simulation.newLoop("raw");
        network.join("raw", loop, _ -> {});
        dialRaw("raw", loop, _ -> {}, heard, closed);
        simulation.runFor(4 * SECOND);
        assertThat(closed).isEmpty();
        simulation.runFor(2 * SECOND);
        assertThat(closed).containsExactly("closed by the peer");
        assertThat(network.openEnds()).isZero();
    }

    @Test
    void aLeaseIsCountedFromTheQuestionAndEndsBeforeTheGrant() {
        LinkKeeper ofB = b.keep(a.identity, null);
        a.keep(b.identity, network.dialer("a", "b"));
        network.delays(20_000_000, 80_000_000);
        simulation.runFor(5 * SECOND);
        PeerLink link = Objects.requireNonNull(a.link);
        long leftAtA = link.leaseUntilNanos() - a.loop.clock().nanoTime();
        long leftAtB = ofB.grantedUntilNanos() - b.loop.clock().nanoTime();
        assertThat(leftAtA).isPositive().isLessThan(leftAtB);
        b.leaseMillis = 0;
        simulation.runFor(SECOND / 2);
        long fixed = link.leaseUntilNanos();
        long granted = ofB.grantedUntilNanos();
        simulation.runFor(3 * SECOND);
        assertThat(link.leaseUntilNanos()).isEqualTo(fixed);
        assertThat(ofB.grantedUntilNanos()).isEqualTo(granted);
        assertThat(fixed - a.loop.clock().nanoTime()).isNegative();
        assertThat(a.isUp()).isTrue();
    }

    /// Row P5: the time in which the host was suspended is counted by the wall clock only. Neither
    /// a lease from before holds then, nor one that was asked for before and comes now.
    @Test
    void p5LeaseFromBeforeASuspensionOrAClockStepDoesNotHold() {
        b.keep(a.identity, null);
        a.keep(b.identity, network.dialer("a", "b"));
        network.delays(20_000_000, 80_000_000);
        simulation.runFor(5 * SECOND);
        PeerLink link = Objects.requireNonNull(a.link);
        SimClock clock = (SimClock) a.loop.clock();
        for (long step : new long[] {5_000, -3_000, 101}) {
            assertThat(link.leaseUntilNanos()).isGreaterThan(clock.nanoTime());
            long suspended = clock.nanoTime();
            clock.stepWall(step);
            assertThat(link.leaseUntilNanos()).isLessThan(suspended);
            // It comes back with the answer to what is asked from now on.
            long leaseNanos = a.leaseMillis * 1_000_000L;
            boolean again =
                    simulation.runUntil(() -> link.leaseUntilNanos() > suspended, 2 * SECOND);
            assertThat(again).isTrue();
            assertThat(link.leaseUntilNanos()).isGreaterThanOrEqualTo(suspended + leaseNanos);
        }
        // A time service that corrects it bit by bit costs nothing.
        for (int i = 0; i < 50; i++) {
            clock.stepWall(20);
            simulation.runFor(SECOND / 10);
            assertThat(link.leaseUntilNanos()).isGreaterThan(clock.nanoTime());
        }
        assertThat(a.isUp()).isTrue();
    }

    /// The echo of a heartbeat that had left before the question is no answer to it.
    @Test
    void aQuestionIsAnsweredByWhatLeftAfterIt() {
        join();
        PeerLink link = Objects.requireNonNull(a.link);
        network.cut("b", "a");
        simulation.runFor(SECOND / 2);
        List<Long> answered = new ArrayList<>();
        a.loop.call(() -> link.whenAnswered(() -> answered.add(simulation.nowNanos())));
        long lease = link.leaseUntilNanos();
        network.heal();
        assertThat(simulation.runUntil(() -> link.leaseUntilNanos() > lease, SECOND)).isTrue();
        assertThat(answered).isEmpty();
        simulation.runFor(SECOND);
        assertThat(answered).hasSize(1);
    }

    @Test
    void aQuestionToADeadPeerIsNeverAnswered() {
        join();
        network.crash("b", true);
        List<String> answered = new ArrayList<>();
        PeerLink link = Objects.requireNonNull(a.link);
        a.loop.call(() -> link.whenAnswered(() -> answered.add("alive")));
        simulation.runFor(5 * SECOND);
        assertThat(a.events.getLast()).startsWith("lost: no round trip for ");
        a.loop.call(() -> link.whenAnswered(() -> answered.add("alive")));
        assertThat(answered).isEmpty();
    }

    @Test
    void n7AFullQueueIsNotWritableAndSaysWhenItIsAgain() {
        join();
        network.waterMarks(10_000, 40_000);
        network.cut("a", "b");
        PeerLink link = Objects.requireNonNull(a.link);
        ByteBuffer bytes = ByteBuffer.allocate(1000);
        VolumeMessage bulk = new VolumeMessage.Entries(Epoch.NONE, 1, 1, List.of(bytes));
        int sent = 0;
        while (link.writable()) {
            a.loop.call(() -> link.send(LinkNode.VOLUME, bulk));
            sent++;
        }
        assertThat(sent).isEqualTo(40_000 / MessageCodec.frameBytes(bulk) + 1);
        assertThat(link.queuedBytes()).isBetween(40_000L, 42_000L);
        network.heal();
        simulation.runFor(SECOND / 2);
        assertThat(a.events).containsExactly("up b", "writable");
        assertThat(b.messages).hasSize(sent);
    }

    @Test
    void afterStopNothingIsDialledOrTaken() {
        join();
        a.loop.call(a.hub::stop);
        simulation.runFor(20 * SECOND);
        assertThat(a.events).containsExactly("up b", "lost: node stops");
        assertThat(b.isUp()).isFalse();
        assertThat(network.openEnds()).isZero();
    }

    private LinkMessage.Refusal refusalOf(LinkMessage.Hello hello) {
        if (a.hub.keeper(b.identity.uuid()) == null) {
            a.keep(b.identity, null);
        }
        List<Message> heard = rawDial(hello);
        assertThat(heard).hasSize(1);
        return ((LinkMessage.Refused) heard.getFirst()).reason();
    }

    /// Dials a, says `hello`, and gives what is answered until the connection is closed.
    private List<Message> rawDial(LinkMessage.Hello hello) {
        List<Message> heard = new ArrayList<>();
        List<String> closed = new ArrayList<>();
        SimEventLoop loop = simulation.newLoop("raw");
        network.join("raw", loop, _ -> {});
        dialRaw("raw", loop, c -> c.send(MessageCodec.LINK, hello), heard, closed);
        assertThat(simulation.runUntil(() -> !closed.isEmpty(), SECOND)).isTrue();
        return heard;
    }

    private void dialRaw(
            String name,
            SimEventLoop loop,
            Consumer<Connection> opened,
            List<Message> heard,
            List<String> closed) {
        Dialer.Result result =
                new Dialer.Result() {
                    @Override
                    public void opened(Connection connection) {
                        connection.handler(new Recorder(heard, closed));
                        opened.accept(connection);
                    }

                    @Override
                    public void failed(String reason) {
                        closed.add(reason);
                    }
                };
        loop.call(() -> network.dialer(name, "a").dial(result));
    }

    private record Recorder(List<Message> heard, List<String> closed)
            implements Connection.Handler {
        @Override
        public void received(VolumeId volume, Message borrowed) {
            heard.add(borrowed);
        }

        @Override
        public void writableAgain() {}

        @Override
        public void closed(String reason) {
            closed.add(reason);
        }
    }
}
