package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.ConsistencyPoint;
import lockstep.blockstore.cp.DirtyOverlay;
import lockstep.blockstore.cp.Pin;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.VolumeRoot;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Decides when a consistency point begins, and what its end means for log, pins and mirror.
///
/// One is under way at a time, and with a mirror attached the next begins only when the mirror has
/// committed the last: so at most one image is in doubt between the two, and the pins name both it
/// and the one before.
final class CpDriver {
    /// What the volume does about a consistency point.
    interface Listener {
        /// One is durable here; `needsCopy` if the mirror was not sent its blocks and has to be
        /// brought to it by a walk.
        void committed(VolumeRoot root, boolean needsCopy);

        /// Log room and space came back.
        void roomMade();

        /// Space or memory ran short: `cp` is not kept readable any more.
        void pinGivenUp(CpId cp);

        /// It failed; the volume stops.
        void failed(String reason);
    }

    private static final int LATE_EIGHTHS = 5;

    private final VolumeCore core;
    private final Listener listener;
    private final Brake brake = new Brake();
    private final Relief relief;
    private final HalfRoom room;
    private final int[] readsInFlight = new int[2];
    private final List<Runnable> waiters = new ArrayList<>();
    private final ArrayDeque<Boundary> boundaries = new ArrayDeque<>();
    private @Nullable ConsistencyPoint running;
    private @Nullable Mirror shippedTo;
    private @Nullable Mirror pendingMirror;
    private @Nullable CpId inDoubt;
    private @Nullable Runnable quietWaiter;
    private boolean wanted;
    private boolean stopped;
    private long frozenUpTo;
    private long generation;
    private long commits;
    private long startedNanos;
    private long lastNanos;

    CpDriver(VolumeCore core, Listener listener) {
        this.core = core;
        this.listener = listener;
        this.room = new HalfRoom(core);
        this.relief = new Relief(core, () -> request(null), listener::pinGivenUp);
        this.frozenUpTo = core.copy.root().upTo().sequence();
    }

    /// Consistency points committed since the volume was opened.
    long commits() {
        return commits;
    }

    /// How long the last one took, from its freezing to its commit.
    long lastNanos() {
        return lastNanos;
    }

    /// The image that is durable here and that the mirror has not confirmed.
    @Nullable CpId inDoubt() {
        return inDoubt;
    }

    /// Before a write is told that there is no space: gives up a pin, if one may go.
    boolean giveUpPin() {
        return relief.giveUpPin(commits, inDoubt);
    }

    /// Space that is to come.
    Relief relief() {
        return relief;
    }

    /// Makes a change that ends its half, once no consistency point is under way or in doubt.
    void atBoundary(Boundary change) {
        boundaries.add(change);
        request(null);
    }

    /// Ends all changes that wait for their turn.
    void refuseBoundaries(Outcome outcome) {
        while (!boundaries.isEmpty()) {
            boundaries.remove().refused(outcome);
        }
    }

    /// Bytes that the one under way writes, roughly; 0 if there is none.
    long runningBytes() {
        DirtyOverlay frozen = core.frozen;
        return running == null || frozen == null ? 0 : frozen.cost();
    }

    /// How long the one under way has been.
    long runningNanos() {
        return core.copy.loop().clock().nanoTime() - startedNanos;
    }

    /// Slows commands down while one is under way.
    Brake brake() {
        return brake;
    }

    /// Asks for a consistency point even if nothing has changed; `done` is called when it is
    /// durable here.
    void request(@Nullable Runnable done) {
        if (done != null) {
            waiters.add(done);
        }
        wanted = true;
        startIfPossible();
    }

    /// The interval has passed.
    void tick() {
        if (core.sequence > frozenUpTo) {
            request(null);
        }
    }

    /// Something would like a consistency point and can wait for the interval's: one made for it
    /// alone costs the tree blocks of whatever hosts wrote meanwhile.
    void requestIfIdle() {
        if (core.sequence <= frozenUpTo) {
            request(null);
        }
    }

    /// From the next consistency point's freezing on, `mirror` gets entries and updates.
    void goLive(Mirror mirror) {
        pendingMirror = mirror;
        request(null);
    }

    /// `mirror` has every entry behind image `image` or is being sent it, and gets all from here
    /// on.
    void attach(Mirror mirror, CpId image) {
        core.mirror = mirror;
        VolumeRoot root = core.copy.root();
        if (root.cp().equals(image)) {
            core.cp.pins().keepOnly(image);
            core.cp.pins().add(Pin.of(root));
            if (inDoubt != null) {
                mirrorCommitted(image);
            }
        } else {
            inDoubt = root.cp();
            core.cp.pins().add(Pin.of(root));
            listener.committed(root, true);
        }
        startIfPossible();
    }

    /// The mirror is gone; what it has is as uncertain as it was.
    void mirrorLost() {
        core.mirror = null;
        pendingMirror = null;
    }

    /// The volume goes on without a mirror: nothing is in doubt any more that the log must keep.
    void detached() {
        mirrorLost();
        if (inDoubt != null) {
            inDoubt = null;
            releaseLog();
        }
        startIfPossible();
    }

    /// The mirror has committed `cp`.
    void mirrorCommitted(CpId cp) {
        if (!cp.equals(inDoubt)) {
            return;
        }
        inDoubt = null;
        core.cp.pins().keepOnly(cp);
        releaseLog();
        listener.roomMade();
        startIfPossible();
    }

    /// A read begins; its generation has to be given back.
    long readBegins() {
        readsInFlight[(int) (generation & 1)]++;
        return generation;
    }

    /// A read of `ofGeneration` has ended.
    void readEnds(long ofGeneration) {
        int slot = (int) (ofGeneration & 1);
        readsInFlight[slot]--;
        Check.that(readsInFlight[slot] >= 0, "reads end once");
        if (ofGeneration != generation && readsInFlight[slot] == 0) {
            startIfPossible();
        }
    }

    void stop() {
        stopped = true;
        if (core.gate.dropCommitWait()) {
            abandonRunning();
        }
        tellQuiet();
    }

    /// Everything of it is on the disks but the superblock, which will not be written.
    private void abandonRunning() {
        ConsistencyPoint waiting = running;
        if (waiting != null) {
            waiting.abandon(
                    () -> {
                        running = null;
                        tellQuiet();
                    });
        }
    }

    /// Calls `quiet` when no consistency point is under way any more. Only after [#stop].
    void whenQuiet(Runnable quiet) {
        quietWaiter = quiet;
        tellQuiet();
    }

    private void tellQuiet() {
        Runnable quiet = quietWaiter;
        if (stopped && running == null && quiet != null) {
            quietWaiter = null;
            quiet.run();
        }
    }

    /// A read that began before the last commit may still follow pointers of the image before it.
    /// The blocks it reads are reused by this consistency point at the earliest, so it waits for
    /// them.
    private boolean olderReadsEnded() {
        return readsInFlight[(int) ((generation + 1) & 1)] == 0;
    }

    private void startIfPossible() {
        boolean serving = core.epoch.counter() > 0 && !stopped;
        if (wanted && serving && running == null && inDoubt == null && olderReadsEnded()) {
            start();
        }
    }

    private void start() {
        wanted = false;
        startedNanos = core.copy.loop().clock().nanoTime();
        VolumeCore.Sealed replayed = core.sealed;
        core.sealed = null;
        List<Runnable> mine = List.of();
        if (replayed != null) {
            // Whoever waits wants what is behind it too.
            wanted = true;
        } else {
            logBoundary();
            mine = List.copyOf(waiters);
            waiters.clear();
        }
        core.grow();
        VolumeCore.Sealed sealed = replayed == null ? core.seal() : replayed;
        CpId cp = new CpId(core.epoch, sealed.half());
        frozenUpTo = sealed.upTo().sequence();
        shippedTo = core.mirror;
        if (shippedTo != null) {
            shippedTo.cpBegin(cp, frozenUpTo);
        }
        Mirror next = replayed == null ? pendingMirror : null;
        if (next != null) {
            core.mirror = next;
            pendingMirror = null;
        }
        running =
                new ConsistencyPoint(
                        core.cp,
                        core.copy.root(),
                        core.job(cp, sealed),
                        shippedTo,
                        end(sealed.overlay(), mine));
        running.run();
    }

    /// Lets the first change of snapshots that is possible be the last entry of the half.
    private void logBoundary() {
        Boundary first = boundaries.peek();
        while (first != null) {
            Boundary.Answer answer = first.log();
            if (answer != Boundary.Answer.LATER) {
                boundaries.remove();
            }
            if (answer != Boundary.Answer.REFUSED) {
                break;
            }
            first = boundaries.peek();
        }
        wanted |= !boundaries.isEmpty();
    }

    private ConsistencyPoint.Listener end(DirtyOverlay frozen, List<Runnable> mine) {
        long upTo = frozenUpTo;
        return new ConsistencyPoint.Listener() {
            @Override
            public boolean isUrgent() {
                boolean awaited = wanted || stopped || !mine.isEmpty();
                return awaited || isLate(frozen) || Brake.isOn(room.left(), room.whole());
            }

            @Override
            public void beforeCommit(Runnable proceed) {
                if (stopped) {
                    abandonRunning();
                } else {
                    core.gate.whenDurable(upTo, proceed);
                }
            }

            @Override
            public void committed(VolumeRoot root, StateFile state) {
                ended(root, state, frozen);
                core.gate.local(upTo);
                mine.forEach(Runnable::run);
                startIfPossible();
                tellQuiet();
            }

            @Override
            public void failed(String reason) {
                running = null;
                stop();
                listener.failed(reason);
            }
        };
    }

    // More than what begins one: the one before was slower than the hosts.
    private boolean isLate(DirtyOverlay frozen) {
        return frozen.cost() > room.whole() / 8 * LATE_EIGHTHS;
    }

    private void ended(VolumeRoot root, StateFile state, DirtyOverlay frozen) {
        core.copy.committed(root);
        core.luns.committed(state);
        core.image = state;
        core.frozen = null;
        core.frozenHidden.clear();
        core.reserved -= frozen.reserved();
        generation++;
        commits++;
        lastNanos = runningNanos();
        brake.learn(frozen.cost(), lastNanos);
        running = null;
        relief.committed(commits);
        core.imageHolds(root.upTo().sequence());
        Mirror mirror = core.mirror;
        boolean mirrored = mirror != null || core.gate.legs() == Legs.BOTH;
        if (!mirrored) {
            releaseLog();
            listener.committed(root, false);
            listener.roomMade();
            relief.shortenDeadList(commits, inDoubt);
            return;
        }
        inDoubt = root.cp();
        core.cp.pins().add(Pin.of(root));
        boolean shipped = mirror != null && mirror.equals(shippedTo);
        if (mirror != null && shipped) {
            mirror.cpCommit(root.cp(), root.encode());
        }
        listener.committed(root, !shipped && mirror != null);
        listener.roomMade();
    }

    private void releaseLog() {
        long half = core.copy.root().cp().count();
        core.copy.log().release(half);
        core.mirrorLogUse.release(half);
    }
}
