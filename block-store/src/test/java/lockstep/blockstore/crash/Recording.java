package lockstep.blockstore.crash;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.crash.OpSource.Limits;
import lockstep.blockstore.crash.VolumeNode.Shape;
import lockstep.blockstore.sim.SimTrace;

import org.jspecify.annotations.NullUnmarked;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;

/// A run of a volume under random operations, with all its writes traced and what was asked for and
/// answered marked in between: the restart of a volume in use, operations, consistency points as
/// they come. With a `missing` disk the group has lost it before; with `holes` space is given back
/// below meanwhile; where it `grows`, one more disk joins meanwhile.
@NullUnmarked
final class Recording {
    private static final int OPS = 30;
    private static final int LARGE = 9;
    private static final int LARGE_BLOCKS = 120;

    /// No disk is missing.
    static final int NONE = -1;

    /// The mark of a growth that is durable.
    static final long GROWN = Long.MAX_VALUE;

    final long seed;
    final boolean holes;
    final Shape shape;
    final int missing;
    private boolean gaveBack;
    final boolean grows;
    final Twin twin;
    final SimTrace trace = new SimTrace();
    int acknowledgedBefore;
    private final VolumeNode node;
    private final Load load;

    private Recording(long seed, boolean holes) {
        this.seed = seed;
        this.holes = holes;
        this.missing = (int) (!holes && seed % 3 == 2 ? seed / 3 % 4 : NONE);
        this.shape =
                holes
                        ? new Shape(4, 96, 40, 16 << 10, 400 << 10)
                        : new Shape(4, 60, 7, 16 << 10, 100 << 10);
        this.grows = !holes && seed % 3 == 1;
        this.node = new VolumeNode(seed, shape);
        this.load = new Load(node, new SplittableRandom(seed), new Limits(2, 14, 40));
        this.twin = load.twin;
    }

    /// The recording of `seed`; `breakIt` may break something before the traced part begins.
    static Recording make(long seed, Consumer<VolumeNode> breakIt) {
        Recording made = new Recording(seed, false);
        made.run(breakIt);
        return made;
    }

    /// The recording of `seed` in which a large LUN goes, and its space is given back below.
    static Recording makeHoles(long seed) {
        Recording made = new Recording(seed, true);
        made.run(_ -> {});
        return made;
    }

    /// Whether holes were made: consistency points may have used all that was offered.
    boolean gaveBack() {
        return gaveBack;
    }

    private void fill() {
        load.ask(new Op.PutLun(LARGE, new UUID(8, seed), LARGE_BLOCKS));
        for (int at = 0; at < LARGE_BLOCKS; at += LARGE_BLOCKS / 4) {
            int sectors = LARGE_BLOCKS / 4 * Blocks.SECTORS;
            long[] stamps = new long[sectors];
            Arrays.setAll(stamps, i -> Long.MAX_VALUE - i);
            load.ask(new Op.Write(LARGE, at * Blocks.SECTORS, stamps));
        }
    }

    private void makeHoles() {
        load.ask(new Op.DeleteLun(LARGE));
        node.giveBack();
        long before = 0;
        for (int i = 0; i < 40 && (before == 0 || node.holes.givenBack() > before); i++) {
            before = node.holes.givenBack();
            load.run(OPS / 10);
            node.simulation.runFor(200_000_000);
        }
        gaveBack = before > 0;
    }

    private void run(Consumer<VolumeNode> breakIt) {
        node.format();
        node.mustOpen();
        node.activate();
        load.run(OPS / 2);
        if (holes) {
            fill();
        }
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
        if (holes) {
            makeHoles();
        } else {
            load.run(OPS);
        }
        load.quiet();
        if (grows) {
            node.await(() -> !growth.isUnderWay(), "it grows");
        }
        if (node.stopped != null) {
            throw new VolumeNode.Trouble("it stopped: " + node.stopped);
        }
    }
}
