package lockstep.replication.ring;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeSettings;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;
import lockstep.replication.sim.SimNetwork;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/// Three nodes, each of them a source and a destination at the same time.
@DisplayName("Many to many")
class RingSimTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int SEGMENTS = 48;
    private static final VolumeSettings SMALL =
            new VolumeSettings(384 * 1024, 40_000_000L, 400_000_000L, 128);

    private final Simulation simulation = new Simulation(11);
    private final SimNetwork network = new SimNetwork(simulation);
    private final RingNode a = new RingNode(simulation, network, "a", 1, 4 * SEGMENTS);
    private final RingNode b = new RingNode(simulation, network, "b", 2, SEGMENTS);
    private final RingNode c = new RingNode(simulation, network, "c", 3, 4 * SEGMENTS);
    private int volumes;

    /// Makes a volume on `source` and its mirror on `destination`, in sync, and gives the source.
    private RingCopy pair(RingNode source, RingNode destination, VolumeSettings settings) {
        VolumeId id = new VolumeId(11, ++volumes);
        RingCopy active = source.copy(id, CopyState.standalone(), 0, settings);
        active.makeLun();
        CopyState mirror =
                CopyState.standalone()
                        .withPeer(source.identity.id(), source.name)
                        .as(CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE);
        destination.copy(id, mirror, active.vbnCount(), settings);
        destination.join(source);
        boolean[] paired = new boolean[1];
        source.loop.call(
                () ->
                        active.replica()
                                .pairAsSource(
                                        destination.identity.id(),
                                        destination.name,
                                        refusal -> paired[0] = refusal == null));
        source.await(() -> paired[0], "the pair is made");
        source.join(destination);
        awaitInSync(active);
        return active;
    }

    private void awaitInSync(RingCopy source) {
        source.node.await(
                () -> source.replica().status().state() == RoleState.IN_SYNC,
                source.volume + " is in sync: " + source.replica().status());
    }

    private RingCopy mirror(RingCopy source, RingNode on) {
        RingCopy mirror = on.copies.get(source.volume);
        assertThat(mirror).isNotNull();
        return mirror;
    }

    @Test
    void eachIsSourceAndDestinationAndOneThatDiesIsTakenOver() {
        RingCopy ab = pair(a, b, SMALL);
        RingCopy bc = pair(b, c, SMALL);
        RingCopy ca = pair(c, a, SMALL);
        // One more for b, which thereby is the destination of two nodes; and one more for a, whose
        // volumes are on two nodes.
        RingCopy cb = pair(c, b, SMALL);
        RingCopy ac = pair(a, c, SMALL);
        List<RingCopy> all = List.of(ab, bc, ca, cb, ac);
        b.events.clear();
        all.forEach(copy -> copy.load(2));
        simulation.runFor(SECOND / 4);
        for (RingCopy copy : all) {
            assertThat(copy.acknowledged).isGreaterThan(20);
            copy.stopLoad();
        }
        simulation.runFor(SECOND / 10);
        a.crash();
        for (RingCopy mirror : List.of(mirror(ab, b), mirror(ac, c))) {
            List<Refusal> refusals = new ArrayList<>();
            mirror.node.loop.call(() -> mirror.replica().takeover(true, false, refusals::add));
            mirror.node.await(() -> !refusals.isEmpty(), "the takeover ends");
            assertThat(refusals.getFirst()).isNull();
            mirror.verify(mirror.node == b ? ab : ac);
        }
        // What a had no part in never noticed, and goes on.
        for (RingCopy copy : List.of(bc, cb)) {
            copy.verify(copy);
            long before = copy.acknowledged;
            copy.load(2);
            simulation.runFor(SECOND / 5);
            assertThat(copy.acknowledged).isGreaterThan(before + 20);
        }
        assertThat(b.events).noneMatch(event -> event.startsWith("c: the link is lost"));
        // Its own mirror being away, c sequences nothing for ca.
        assertThat(ca.replica().status().state()).isEqualTo(RoleState.SUSPENDED);
    }

    @Test
    void s1AStalledDestinationDoesNotSlowOtherVolumesOfItsSource() {
        RingCopy ab = pair(a, b, SMALL);
        RingCopy ac = pair(a, c, SMALL);
        ab.load(8);
        ac.load(2);
        simulation.runFor(SECOND / 10);
        long beforeOther = ac.acknowledged;
        simulation.runFor(SECOND / 2);
        long undisturbed = ac.acknowledged - beforeOther;
        network.cutBoth("a", "b");
        long before = ab.acknowledged;
        beforeOther = ac.acknowledged;
        simulation.runFor(SECOND / 2);
        assertThat(ab.acknowledged - before).isLessThan(20);
        assertThat(ac.acknowledged - beforeOther).isGreaterThan(undisturbed * 9 / 10);
    }

    /// A lease covers all volumes of a link: one of them that is lost takes it from no other.
    @Test
    void aMirrorThatStopsIsNoMatterOfOthersOfItsPair() {
        RingCopy lost = pair(a, b, SMALL);
        RingCopy other = pair(a, b, SMALL);
        lost.load(2);
        simulation.runFor(SECOND / 10);
        a.events.clear();
        mirror(lost, b).failDisks();
        lost.node.await(
                () -> lost.replica().status().state() == RoleState.SUSPENDED,
                "the source knows that its mirror has stopped");
        assertThat(mirror(lost, b).replica().status().state()).isEqualTo(RoleState.STOPPED);
        assertThat(other.replica().status().state()).isEqualTo(RoleState.IN_SYNC);
        other.load(2);
        simulation.runFor(SECOND);
        assertThat(other.acknowledged).isGreaterThan(20);
        other.stopLoad();
        simulation.runFor(SECOND / 10);
        other.verify(other);
        assertThat(a.events).noneMatch(event -> event.contains("the link is lost"));
        List<Refusal> refusals = new ArrayList<>();
        a.loop.call(() -> lost.replica().detach(refusals::add));
        long before = lost.acknowledged;
        simulation.runFor(SECOND / 5);
        assertThat(refusals).containsExactly((Refusal) null);
        assertThat(lost.acknowledged).isGreaterThan(before + 5);
    }

    /// Halves of these sources would fill the destination's whole log, and do not.
    @Test
    void sourcesKeepToTheirPartOfTheDestinationsLog() {
        VolumeSettings large = new VolumeSettings(64 << 20, 10 * SECOND, 400_000_000L, 128);
        RingCopy own = b.copy(new VolumeId(12, 1), CopyState.standalone(), 0, SMALL);
        own.makeLun();
        own.load(1);
        RingCopy ab = pair(a, b, large);
        ab.load(16);
        simulation.runFor(SECOND / 5);
        long part = (long) SEGMENTS * RingNode.SEGMENT / 2;
        assertThat(b.heldBytes(ab.volume)).isBetween(part / 8, part + 3L * RingNode.SEGMENT);
        // A second source takes its part while the first is at work.
        RingCopy cb = pair(c, b, large);
        cb.load(16);
        long mostFirst = 0;
        long mostSecond = 0;
        simulation.runFor(SECOND / 5);
        for (int i = 0; i < 20; i++) {
            simulation.runFor(SECOND / 100);
            mostFirst = Math.max(mostFirst, b.heldBytes(ab.volume));
            mostSecond = Math.max(mostSecond, b.heldBytes(cb.volume));
        }
        // Half of it, and segments that are not full.
        assertThat(mostFirst).isBetween(part / 8, part / 2 + 3L * RingNode.SEGMENT);
        assertThat(mostSecond).isBetween(part / 8, part / 2 + 3L * RingNode.SEGMENT);
        assertThat(b.events).noneMatch(event -> event.contains("cannot follow"));
        assertThat(a.events).noneMatch(event -> event.contains("the link is lost"));
        for (RingCopy copy : List.of(own, ab, cb)) {
            long before = copy.acknowledged;
            simulation.runFor(SECOND / 10);
            assertThat(copy.acknowledged).isGreaterThan(before + 5);
        }
    }
}
