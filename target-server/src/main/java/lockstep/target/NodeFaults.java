package lockstep.target;

import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.inject.ArmedFault;
import lockstep.blockstore.inject.FaultPlan;
import lockstep.blockstore.inject.FaultyDevice;
import lockstep.blockstore.inject.FaultySpace;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.EventLoop;
import lockstep.replication.inject.FaultyLinks;
import lockstep.replication.inject.MovePoint;
import lockstep.replication.link.Connection;
import lockstep.replication.link.Dialer;
import lockstep.target.admin.model.FaultView;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Faults on request. Where the node's file says `fault-injection`, each port has a wrapper that
/// asks the plan; elsewhere there are neither plan nor wrappers, and every port is what it would be
/// without this class.
final class NodeFaults {
    private static final Logger LOG = LoggerFactory.getLogger(NodeFaults.class);
    private static final String ABOUT = "fault injection";

    /// The exit code of a node that was made to crash.
    static final int CRASHED = 71;

    /// What a testable node says of itself.
    static final String WARNING =
            "this node takes orders to fail: its file says fault-injection. It is for tests, and no"
                    + " data that anybody needs belongs on it";

    private final @Nullable FaultPlan plan;
    private final @Nullable FaultyLinks links;

    private NodeFaults(@Nullable FaultPlan plan) {
        this.plan = plan;
        this.links = plan == null ? null : new FaultyLinks(plan);
    }

    /// What the node's file wants.
    static NodeFaults of(boolean wanted, EventLoop loop, LongSupplier entropy, NodeEvents events) {
        if (!wanted) {
            return new NodeFaults(null);
        }
        LOG.warn(WARNING);
        events.note(ABOUT, WARNING);
        return new NodeFaults(
                new FaultPlan(
                        loop,
                        entropy,
                        new FaultPlan.Node() {
                            @Override
                            public void begins(ArmedFault fault) {
                                String text = fault.fault().text();
                                events.note(ABOUT, "fault " + fault.id() + " happens: " + text);
                            }

                            @Override
                            public void crash(String point) {
                                LOG.warn("this node crashes at {}, as it was told to", point);
                                LogLines.lastWords();
                                Runtime.getRuntime().halt(CRASHED);
                            }

                            @Override
                            public void stall(long nanos) {
                                standStill(nanos);
                            }
                        }));
    }

    // All that the node owns runs on the thread that is held here.
    private static void standStill(long nanos) {
        LOG.warn("this node stands still for {} ms, as it was told to", nanos / 1_000_000);
        try {
            TimeUnit.NANOSECONDS.sleep(nanos);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /// The plan; null where the node was not started for it.
    @Nullable FaultPlan plan() {
        return plan;
    }

    /// The faults that are set, for people.
    List<FaultView> views() {
        return plan == null ? List.of() : FaultActions.views(plan);
    }

    /// A disk, in front of `device`.
    BlockDevice disk(BlockDevice device) {
        return plan == null ? device : FaultyDevice.disk(device, plan);
    }

    /// A log device, in front of `device`.
    BlockDevice log(BlockDevice device) {
        return plan == null ? device : FaultyDevice.log(device, plan);
    }

    /// What a copy of a volume lives on, in front of `space`.
    BlockSpace space(BlockSpace space) {
        return plan == null ? space : new FaultySpace(space, plan);
    }

    /// The dialer of the link to `peer`, in front of `dialer`.
    Dialer dialing(UUID peer, Dialer dialer) {
        return links == null ? dialer : links.dialing(peer, dialer);
    }

    /// Takes the connections of peers, in front of `next`.
    Consumer<Connection> accepting(Consumer<Connection> next) {
        return links == null ? next : links.accepting(next);
    }

    /// A copy of a volume has told `event`, which may be that it has come to a point.
    void told(String event) {
        String point = plan == null ? null : MovePoint.of(event);
        if (plan != null && point != null) {
            var _ = plan.reached(point);
        }
    }
}
