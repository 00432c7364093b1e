package lockstep.replication.pair;

import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.disk.Joining;
import lockstep.blockstore.sim.SimDevice;
import lockstep.replication.role.Growth;
import lockstep.replication.role.Refusal;

import org.jspecify.annotations.NullUnmarked;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Disks that join a simulated pair's copies, as a node's operator has it done: what may not be is
/// refused before, and what has joined is taken into use.
@NullUnmarked
final class PairGrowth {
    /// A copy has so many disks at most.
    private static final int DISKS = 7;

    private final PairSimulation pair;

    /// How often a volume became larger.
    long grown;

    PairGrowth(PairSimulation pair) {
        this.pair = pair;
    }

    private static RaidSpace space(SimNode node) {
        return (RaidSpace) node.replica.copy().space();
    }

    /// The mirror's copy gets a disk, then the source's; whatever becomes of it.
    void begin() {
        SimNode source = pair.source();
        SimNode mirror = source == null ? null : source.peer;
        if (mirror != null && mirror.alive && mirror.replica != null) {
            mirror.loop.call(() -> begin(mirror, new ArrayList<>()));
        }
        if (source != null) {
            source.loop
                    .clock()
                    .schedule(
                            pair.random.nextLong(30_000_000L),
                            () -> {
                                if (pair.source() == source) {
                                    begin(source, new ArrayList<>());
                                }
                            });
        }
    }

    /// One disk joins the copy of `node`; `ended` gets how that ended.
    void begin(SimNode node, List<Object> ended) {
        RaidSpace space = space(node);
        Growth growth = new Growth(node.replica);
        if (space.raid().isGrowing() || node.disks.size() >= DISKS) {
            ended.add("it grows, or is as large as it may be here");
            return;
        }
        if (space.size() > node.replica.copy().root().vbnCount() && node == pair.source()) {
            growth.finish(result -> finished(result, ended));
            return;
        }
        SimDevice device = free(node);
        long blocks = Joining.blocks(space.disks(), 0, List.of(device));
        Refusal refusal = growth.problem(blocks);
        if (refusal != null) {
            ended.add(refusal);
            return;
        }
        UUID uuid = new UUID(21, pair.random.nextLong());
        space.raid()
                .grow(
                        0,
                        List.of(new Joining.NewDisk(device, uuid)),
                        fault -> {
                            if (fault != null) {
                                ended.add(fault);
                            } else {
                                node.adopt(space.disks());
                                growth.finish(result -> finished(result, ended));
                            }
                        });
    }

    private void finished(Growth.Result result, List<Object> ended) {
        ended.add(result);
        grown += result instanceof Growth.Result.Grown ? 1 : 0;
    }

    private SimDevice free(SimNode node) {
        if (node.extras.isEmpty()) {
            String name = node.name + "-extra" + node.disks.size();
            SimDevice device = new SimDevice(pair.simulation, name, node.disks.getFirst().size());
            device.attach(node.loop).overwriteWithNoise(0, (int) device.size());
            node.extras.add(device);
        }
        return node.extras.getFirst();
    }

    /// Waits for the end of a growth of `node`.
    Object grow(SimNode node) {
        List<Object> ended = new ArrayList<>();
        node.loop.call(() -> begin(node, ended));
        pair.await(() -> !ended.isEmpty(), "the growth of " + node.name + " ends");
        return ended.getFirst();
    }

    /// No root ever tells more than the disks of either copy hold.
    void check() {
        for (SimNode node : List.of(pair.a, pair.b)) {
            SimNode other = node.peer;
            if (node.alive && node.replica != null && other.alive && other.replica != null) {
                long told = node.replica.copy().root().vbnCount();
                long held = other.replica.copy().space().size();
                if (told > held) {
                    pair.check(false, node.name + " has " + told + " and its peer " + held);
                }
            }
        }
    }
}
