package lockstep.replication.pair;

import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.inject.ArmedFault;
import lockstep.blockstore.inject.FaultPlan;
import lockstep.blockstore.inject.FaultyDevice;
import lockstep.blockstore.inject.FaultySpace;
import lockstep.blockstore.inject.Firing;
import lockstep.blockstore.inject.PointFault;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.replication.inject.FaultyLinks;
import lockstep.replication.inject.MovePoint;
import lockstep.replication.link.Connection;
import lockstep.replication.link.Dialer;
import lockstep.replication.sim.SimNetwork;

import org.jspecify.annotations.NullUnmarked;

import java.util.function.Consumer;

/// The wrappers of a simulated node's ports, put in place as the real node does it, and only where
/// a test wants them: without, the node is put together as ever. They are renewed with each
/// incarnation; a wish lasts until it has come true.
@NullUnmarked
final class PortFaults {
    private final SimNode node;
    private final Simulation simulation;

    /// Whether the next incarnation has them.
    boolean wanted;

    /// Runs, in a turn of its own, when the node has come to the point where it is to crash.
    Runnable onCrash = () -> {};

    /// Whether it has stood still where it was to.
    boolean stalled;

    private FaultPlan plan;
    private FaultyLinks links;
    private String wish;
    private Firing firing;

    PortFaults(SimNode node, Simulation simulation) {
        this.node = node;
        this.simulation = simulation;
    }

    void begin(SimEventLoop loop) {
        if (!wanted) {
            return;
        }
        plan =
                new FaultPlan(
                        loop,
                        () -> 0,
                        new FaultPlan.Node() {
                            @Override
                            public void begins(ArmedFault fault) {}

                            @Override
                            public void crash(String point) {
                                wish = null;
                                onCrash.run();
                            }

                            @Override
                            public void stall(long nanos) {
                                stalled = true;
                                loop.pause();
                                simulation.schedule(nanos, loop::resume);
                            }
                        });
        links = new FaultyLinks(plan);
        if (wish != null) {
            plan.set(new PointFault.Crash(wish), firing, 0);
        }
    }

    /// The node crashes when it comes to `point` the next time but `skip`.
    void crashAt(String point, long skip) {
        wish = point;
        firing = new Firing(skip, 1, 1);
        if (node.alive) {
            plan.set(new PointFault.Crash(point), firing, 0);
        }
    }

    /// The node stands still for a second when it comes to `point` the next time but `skip`.
    void stallAt(String point, long skip) {
        stalled = false;
        plan.set(new PointFault.Stall(point, 1_000_000_000), new Firing(skip, 1, 1), 0);
    }

    BlockDevice log(BlockDevice log) {
        return wanted ? FaultyDevice.log(log, plan) : log;
    }

    BlockSpace space(RaidSpace space) {
        return wanted ? new FaultySpace(space, plan) : space;
    }

    Consumer<Connection> accepting(Consumer<Connection> next) {
        return wanted ? links.accepting(next) : next;
    }

    Dialer dialing(SimNetwork network) {
        Dialer dialer = network.dialer(node.name, node.peer.name);
        return wanted ? links.dialing(node.peer.identity.uuid(), dialer) : dialer;
    }

    void told(String event) {
        String point = MovePoint.of(event);
        if (wanted && point != null) {
            var _ = plan.reached(point);
        }
    }
}
