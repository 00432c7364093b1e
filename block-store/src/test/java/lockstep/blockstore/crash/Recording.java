package lockstep.blockstore.crash;

import lockstep.blockstore.crash.OpSource.Limits;
import lockstep.blockstore.crash.VolumeNode.Shape;
import lockstep.blockstore.sim.SimTrace;

import org.jspecify.annotations.NullUnmarked;

import java.util.SplittableRandom;
import java.util.function.Consumer;

/// A run of a volume under random operations, with all its writes traced and what was asked for and
/// answered marked in between: the restart of a volume in use, operations, consistency points as
/// they come. With a `missing` disk the group has lost it before.
@NullUnmarked
final class Recording {
    private static final int OPS = 30;
    private static final int UNDER_WAY = 6;
    private static final long PAUSE_NANOS = 400_000;

    /// No disk is missing.
    static final int NONE = -1;

    final long seed;
    final Shape shape;
    final int missing;
    final Twin twin = new Twin();
    final SimTrace trace = new SimTrace();
    int acknowledgedBefore;
    private final SplittableRandom random;
    private final OpSource source;
    private final VolumeNode node;
    private int outstanding;

    private Recording(long seed) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.missing = (int) (seed % 3 == 2 ? seed / 3 % 4 : NONE);
        this.shape = new Shape(4, 60, 7, 16 << 10, 100 << 10);
        this.source = new OpSource(random, new Limits(2, 14, 40));
        this.node = new VolumeNode(seed, shape);
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
        operate(OPS / 2);
        node.checkpoint();
        node.crash(true);
        if (missing >= 0) {
            node.disks.set(missing, null);
        }
        int number = 0;
        for (var device : node.devices()) {
            device.traceTo(trace, number++);
        }
        acknowledgedBefore = twin.acknowledged();
        breakIt.accept(node);
        node.mustOpen();
        node.activate();
        operate(OPS);
        if (node.stopped != null) {
            throw new VolumeNode.Trouble("it stopped: " + node.stopped);
        }
    }

    private void operate(int ops) {
        for (int i = 0; i < ops; i++) {
            Op op = source.next(twin.newest());
            if (op.isAlone() || outstanding >= UNDER_WAY) {
                VolumeState asDrawn = twin.newest();
                node.await(() -> outstanding == 0, "all operations end");
                if (!twin.newest().equals(asDrawn)) {
                    continue;
                }
            }
            issue(op);
            if (op.isAlone()) {
                node.await(() -> outstanding == 0, "it ends");
            }
            if (random.nextInt(9) == 0) {
                node.loop.call(() -> node.volume.checkpoint(null));
            }
            node.simulation.runFor(random.nextLong(PAUSE_NANOS));
        }
        node.await(() -> outstanding == 0, "all operations end");
    }

    private void issue(Op op) {
        outstanding++;
        int number = twin.begin(op);
        trace.mark(2L * number);
        node.loop.call(
                () ->
                        op.issue(
                                node.volume,
                                outcome -> {
                                    outstanding--;
                                    twin.ended(number, outcome);
                                    if (outcome.isDone()) {
                                        trace.mark(2L * number + 1);
                                    }
                                }));
    }
}
