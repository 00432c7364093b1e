package lockstep.blockstore.crash;

import lockstep.blockstore.crash.OpSource.Limits;
import lockstep.blockstore.crash.VolumeNode.Shape;
import lockstep.blockstore.sim.SimTrace;

import org.jspecify.annotations.NullUnmarked;

import java.util.SplittableRandom;
import java.util.function.Consumer;

/// A run of a volume under random operations, with all its writes traced and what was asked for and
/// answered marked in between: the restart of a volume in use, operations, consistency points as
/// they come. With a `missing` disk the group has lost it before. Where it `grows`, one more disk
/// joins meanwhile.
@NullUnmarked
final class Recording {
    private static final int OPS = 30;

    /// No disk is missing.
    static final int NONE = -1;

    /// The mark of a growth that is durable.
    static final long GROWN = Long.MAX_VALUE;

    final long seed;
    final Shape shape;
    final int missing;
    final boolean grows;
    final Twin twin;
    final SimTrace trace = new SimTrace();
    int acknowledgedBefore;
    private final VolumeNode node;
    private final Load load;

    private Recording(long seed) {
        this.seed = seed;
        this.missing = (int) (seed % 3 == 2 ? seed / 3 % 4 : NONE);
        this.grows = seed % 3 == 1;
        this.shape = new Shape(4, 60, 7, 16 << 10, 100 << 10);
        this.node = new VolumeNode(seed, shape);
        this.load = new Load(node, new SplittableRandom(seed), new Limits(2, 14, 40));
        this.twin = load.twin;
    }

    /// The recording of `seed`; `breakIt` may break something before the traced part begins.
    static Recording make(long seed, Consumer<VolumeNode> breakIt) {
        Recording made = new Recording(seed);
        made.run(breakIt);
        return made;
    }

    private void run(Consumer<VolumeNode> breakIt) {
        node.format();
        node.mustOpen();
        node.activate();
        load.run(OPS / 2);
        load.quiet();
        node.checkpoint();
        node.crash(true);
        if (missing >= 0) {
            node.disks.set(missing, null);
        }
        if (grows) {
            NodeGrowth.extra(node);
        }
        int number = 0;
        for (var device : node.devices()) {
            device.traceTo(trace, number++);
        }
        acknowledgedBefore = twin.acknowledged();
        load.traceTo(trace);
        breakIt.accept(node);
        node.mustOpen();
        node.activate();
        NodeGrowth growth = new NodeGrowth(node);
        if (grows) {
            growth.begin(false, () -> trace.mark(GROWN));
        }
        load.run(OPS);
        load.quiet();
        if (grows) {
            node.await(() -> !growth.isUnderWay(), "it grows");
        }
        if (node.stopped != null) {
            throw new VolumeNode.Trouble("it stopped: " + node.stopped);
        }
    }
}
