package lockstep.blockstore.crash;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.sim.SimTrace;

import org.jspecify.annotations.NullUnmarked;

import java.util.SplittableRandom;

/// Random operations on a node's volume, several at a time, and the twin that follows them.
@NullUnmarked
final class Load {
    private static final int UNDER_WAY = 6;
    private static final int CHECKPOINT_EACH = 9;
    private static final long PAUSE_NANOS = 400_000;

    final Twin twin = new Twin();
    private final VolumeNode node;
    private final SplittableRandom random;
    private final OpSource source;
    private SimTrace trace = new SimTrace();
    private boolean lossIsAllowed;
    private int outstanding;
    private long done;
    private long refused;

    Load(VolumeNode node, SplittableRandom random, OpSource.Limits limits) {
        this.node = node;
        this.random = random;
        this.source = new OpSource(random, limits);
    }

    /// What is asked for and answered is marked in `newTrace` from here on.
    void traceTo(SimTrace newTrace) {
        trace = newTrace;
    }

    /// So much has failed that a block may be lost, if that is said.
    void allowLoss() {
        lossIsAllowed = true;
    }

    /// Operations that ended well.
    long done() {
        return done;
    }

    /// Operations that were refused, as they may be when the volume is full.
    long refused() {
        return refused;
    }

    /// Issues `count` operations, with consistency points at random between; the last may be under
    /// way when this returns. Ends early when the volume stops.
    void run(int count) {
        for (int i = 0; i < count && node.stopped == null; i++) {
            Op op = source.next(twin.newest());
            if (op.isAlone() || outstanding >= UNDER_WAY) {
                VolumeState asDrawn = twin.newest();
                quiet();
                if (!twin.newest().equals(asDrawn)) {
                    continue;
                }
            }
            issue(op);
            if (op.isAlone()) {
                quiet();
            }
            if (random.nextInt(CHECKPOINT_EACH) == 0) {
                node.loop.call(() -> node.volume.checkpoint(null));
            }
            node.simulation.runFor(random.nextLong(PAUSE_NANOS));
        }
    }

    /// Issues `op` and waits for its end.
    void ask(Op op) {
        issue(op);
        quiet();
    }

    /// Waits until everything has ended.
    void quiet() {
        node.await(() -> outstanding == 0, "all operations end");
    }

    /// The node has crashed and shows `found`: the twin goes on from there. False if that is none
    /// of the states that it may be in.
    boolean crashedTo(VolumeState found) {
        outstanding = 0;
        int number = twin.match(found, twin.acknowledged(), twin.submitted());
        if (number >= 0) {
            twin.rewind(number);
        }
        return number >= 0;
    }

    private void issue(Op op) {
        outstanding++;
        int number = twin.begin(op);
        trace.mark(2L * number);
        Object incarnation = node.loop;
        node.loop.call(
                () ->
                        op.issue(
                                node.volume,
                                outcome -> {
                                    if (node.loop.equals(incarnation)) {
                                        ended(number, outcome);
                                    }
                                }));
    }

    private void ended(int number, Outcome outcome) {
        outstanding--;
        if (outcome instanceof Outcome.NoSpace && twin.op(number).givesSpaceBack()) {
            throw new VolumeNode.Trouble("a full volume cannot be emptied: " + twin.op(number));
        }
        if (outcome instanceof Outcome.MediumError && !lossIsAllowed) {
            throw new VolumeNode.Trouble("a block is lost: " + twin.op(number));
        }
        twin.ended(number, outcome);
        if (outcome.isDone()) {
            done++;
            trace.mark(2L * number + 1);
        } else {
            refused++;
        }
    }
}
