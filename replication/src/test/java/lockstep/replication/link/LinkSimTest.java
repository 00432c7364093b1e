package lockstep.replication.link;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.sim.Simulation;
import lockstep.replication.sim.SimNetwork;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Two nodes that both dial, under seeds. [LinkNode] checks with every event that links come one
/// after the other and carry what was sent, in order.
class LinkSimTest {
    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1_000 * MILLI;

    /// One run of two nodes.
    private static final class World {
        final Simulation simulation;
        final SimNetwork network;
        final LinkNode[] nodes = new LinkNode[2];
        int starts = 1;

        World(long seed) {
            simulation = new Simulation(seed);
            network = new SimNetwork(simulation);
            start(0);
            start(1);
        }

        void start(int which) {
            String name = which == 0 ? "a" : "b";
            String other = which == 0 ? "b" : "a";
            LinkNode node = new LinkNode(simulation, network, name, which + 1, starts++);
            nodes[which] = node;
            node.keep(LinkNode.identity(other, 2 - which), network.dialer(name, other));
        }

        boolean bothUp() {
            return nodes[0].isUp() && nodes[1].isUp();
        }

        void restart(int which) {
            network.crash(which == 0 ? "a" : "b", simulation.oneIn(2));
            simulation.runFor(simulation.between(0, 300) * MILLI);
            start(which);
        }

        void upset() {
            switch ((int) simulation.between(0, 7)) {
                case 0 -> network.cut("a", "b");
                case 1 -> network.cut("b", "a");
                case 2 -> network.breakConnections("a", "b");
                case 3 -> restart((int) simulation.between(0, 1));
                case 4 -> network.delays(10_000, simulation.between(1, 400) * MILLI);
                case 5 -> network.corruptOneIn((int) simulation.between(5, 100));
                default -> network.heal();
            }
        }

        void calm() {
            network.heal();
            network.corruptOneIn(0);
            network.delays(50_000, 500_000);
        }
    }

    @Test
    void twoDialsAtOnceEndInOneLink() {
        for (long seed = 0; seed < 300; seed++) {
            World world = new World(seed);
            assertThat(world.simulation.runUntil(world::bothUp, 2 * SECOND))
                    .as("seed %d", seed)
                    .isTrue();
            world.simulation.runFor(3 * SECOND);
            assertThat(world.bothUp()).as("seed %d", seed).isTrue();
            assertThat(world.network.openEnds()).as("seed %d", seed).isEqualTo(2);
            assertThat(world.nodes[0].events).as("seed %d", seed).hasSize(1);
        }
    }

    @Test
    void whateverHappensOneLinkComesBackWhenItStops() {
        int timesUp = 0;
        for (long seed = 0; seed < 150; seed++) {
            World world = new World(seed);
            for (int step = 0; step < 30; step++) {
                world.upset();
                for (int i = 0; i < 20; i++) {
                    world.nodes[0].sendNext();
                    world.nodes[1].sendNext();
                    world.simulation.runFor(world.simulation.between(1, 100) * MILLI);
                }
            }
            world.calm();
            assertThat(world.simulation.runUntil(world::bothUp, 30 * SECOND))
                    .as("seed %d", seed)
                    .isTrue();
            // A loss on one side may still be under way to the other: it settles.
            world.simulation.runFor(20 * SECOND);
            assertThat(world.bothUp()).as("seed %d", seed).isTrue();
            assertThat(world.network.openEnds()).as("seed %d", seed).isEqualTo(2);
            timesUp += world.nodes[0].events.size();
        }
        assertThat(timesUp).isGreaterThan(300);
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 77})
    void aSeedReplaysExactly(long seed) {
        assertThat(traceOf(seed)).isEqualTo(traceOf(seed)).isNotEqualTo(traceOf(seed + 1));
    }

    private static long traceOf(long seed) {
        World world = new World(seed);
        for (int step = 0; step < 20; step++) {
            world.upset();
            world.simulation.runFor(300 * MILLI);
        }
        return world.simulation.traceHash();
    }
}
