package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogEntry;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The copy of a volume that is active on another node. It keeps the source's log, durably, and
/// steps from one whole image of the source to the next (invariant 7): the blocks of a consistency
/// point go to VBNs that the image before does not reach, and only the superblock makes them
/// visible. Parity and checksums are made here, on this node's own geometry.
public final class MirrorVolume implements ShownVolume {
    /// Hears what the source waits for. All calls on the volume's loop.
    public interface Observer {
        /// Everything up to `upTo` is durable in this node's log.
        void stored(Position upTo);

        /// `blocks` blocks of what is being received are on the disks, or came as references.
        void written(CpId cp, long blocks);

        /// The log here cannot be used: the copy is out of sync from now on.
        void logLost(String reason);

        /// `cp` is not received any further, and its image stays what it was.
        void refused(CpId cp, String reason);

        /// The LUNs that it knows are others, or have other attributes.
        void lunsChanged();

        /// This copy cannot go on: its disks or its log failed.
        void stopped(String reason);
    }

    /// Takes the end of opening.
    public interface Handler {
        /// It is ready for its source.
        void opened(MirrorVolume mirror);

        /// It cannot be opened.
        void refused(String reason);
    }

    private static final long REHEARSE_AGAIN_NANOS = 1_000_000;

    private final VolumeCopy copy;
    private final Observer observer;
    private final MirrorLog log;
    private final MirrorLuns luns;
    private final KeptSnapshots kept;
    private final ImageHold hold = new ImageHold();
    private final BaseBlocks bases;
    private final LogAllowance allowance;
    private final DurableEnd durable;
    private @Nullable CpIntake intake;
    private final List<Runnable> whenAbandoned = new ArrayList<>();
    private long lowestHalf;
    private boolean committing;
    private boolean stopped;

    private MirrorVolume(VolumeCopy copy, Observer observer) {
        this.copy = copy;
        this.observer = observer;
        this.log = new MirrorLog(copy.root().upTo());
        this.luns = new MirrorLuns(copy, log, observer::lunsChanged);
        this.kept = new KeptSnapshots(copy, luns);
        this.durable = new DurableEnd(log, observer::stored, this::stop);
        this.allowance = new LogAllowance(copy.log());
        this.bases = new BaseBlocks(copy.pool(), copy.settings().cacheBlocks() / 2);
        copy.log().listenPatiently(durable);
    }

    /// Opens `copy` after a restart: a half-received consistency point is dropped, the log is read.
    /// If the log cannot be used, the copy is durably recorded as out of sync first.
    public static void open(VolumeCopy copy, Observer observer, Handler handler) {
        MirrorVolume mirror = new MirrorVolume(copy, observer);
        mirror.recover(handler, () -> mirror.replay(handler));
    }

    /// Takes over `copy` from an active volume that has stopped on this node. What its source will
    /// not have of it stays where it is, image and log, until the source has said where it goes on
    /// from ([MirrorHistory#fallBack], [#fallOutOfSync]). The new role is durable already.
    public static void demoted(VolumeCopy copy, Observer observer, Handler handler) {
        copy.log().listenNoMore();
        copy.log().rewind(() -> open(copy, observer, handler));
    }

    /// Takes over `copy` from an active volume that was brought to rest here ([Handover]): its
    /// image is the mirror's too and holds all of its log. Hosts are shown its LUNs without a
    /// break, so they are known before `handler` is.
    public static void handedOver(VolumeCopy copy, Observer observer, Handler handler) {
        MirrorVolume mirror = new MirrorVolume(copy, observer);
        mirror.recover(handler, () -> mirror.luns.open(() -> handler.opened(mirror)));
    }

    private void recover(Handler handler, Runnable next) {
        copy.space()
                .recover(
                        copy.root().cp(),
                        fault -> {
                            if (fault == null) {
                                next.run();
                            } else {
                                handler.refused(fault.toString());
                            }
                        });
    }

    /// The copy that this works on.
    public VolumeCopy copy() {
        return copy;
    }

    /// The image it holds.
    public CpId image() {
        return copy.root().cp();
    }

    /// What is here of the time before it was this source's.
    public MirrorHistory history() {
        return new MirrorHistory(copy, log);
    }

    /// The end of its log.
    public Position end() {
        return log.end();
    }

    /// The LUNs of the volume as of the newest entry here, lowest number first. They are shown to
    /// hosts and serve nothing.
    @Override
    public List<Lun> luns() {
        return luns.list().stream()
                .<Lun>map(state -> new MirrorLun(luns, copy.loop(), state.record()))
                .toList();
    }

    /// The snapshots as of the newest entry here, oldest first.
    public List<Snapshot> snapshots() {
        return luns.snapshots();
    }

    @Override
    public byte @Nullable [] value(String key) {
        return luns.value(key);
    }

    @Override
    public KeptSnapshots kept() {
        return kept;
    }

    /// Calls `next` when [#value] and [#luns] are those of the newest image and entry, or cannot be
    /// read.
    public void whenValuesKnown(Runnable next) {
        luns.whenKnown(next);
    }

    /// Whether [#value] and [#luns] are known so.
    public boolean knowsItsValues() {
        return luns.isKnown();
    }

    /// Appends the source's next entry to this node's log; [Observer#stored] says when it is
    /// durable. Returns false, and does nothing, if it does not continue what is here or there is
    /// no room.
    public boolean store(long ofHalf, LogEntry borrowed) {
        // After a replay only halves above the highest found take entries; in a later half than its
        // own an entry is merely kept longer.
        long half = Math.max(ofHalf, lowestHalf);
        if (stopped || !log.continues(half, borrowed) || !allowance.admits(half, borrowed)) {
            return false;
        }
        log.add(half, borrowed, copy.log().append(half, borrowed));
        luns.stored(borrowed);
        if (SnapshotStep.endsHalf(borrowed)) {
            // A takeover commits exactly up to here and keeps what is behind it.
            lowestHalf = half + 1;
        }
        return true;
    }

    /// What its source's entries may take of this node's log.
    public LogAllowance allowance() {
        return allowance;
    }

    /// Begins to receive `cp`, which holds everything up to sequence `upTo`. What was received of
    /// another one was abandoned before. `proves`: without an [ImageProof] it is refused.
    public void begin(CpId cp, long upTo, boolean proves) {
        Check.that(intake == null, "one consistency point is received at a time");
        intake = new CpIntake(copy, bases, cp, upTo, proves, log, observer);
    }

    /// The consistency point being received, or null.
    public @Nullable CpId receiving() {
        return intake == null ? null : intake.cp();
    }

    /// What the blocks received of it come to, by the checksums that were computed here.
    public SetHash.Value received() {
        return intake == null ? new SetHash().value() : intake.digest();
    }

    /// Block `vbn` has this content (lent for the call). False if it makes no sense now.
    public boolean data(long vbn, ByteBuffer borrowed) {
        return intake != null && intake.data(vbn, borrowed);
    }

    /// Block `vbn` has the content that stands at `offset` of entry `sequence`. False if there is
    /// no such entry here.
    public boolean reference(long vbn, long sequence, int offset) {
        MirrorLog.Block b = log.block(sequence, offset);
        return intake != null && b != null && intake.reference(vbn, b.content(), b.crc());
    }

    /// Block `vbn`, whose checksum is `crc`, has the content of block `baseVbn` of the image here,
    /// whose checksum is `baseCrc`, with `patch` (lent) applied. False if it makes no sense now.
    public boolean change(long vbn, int crc, long baseVbn, int baseCrc, ByteBuffer patch) {
        return intake != null && intake.change(vbn, crc, baseVbn, baseCrc, patch);
    }

    /// Commits what was received with `root`; `done` is called when this node's superblock is
    /// durable. False if the root makes no sense.
    public boolean commit(CpId cp, ByteBuffer borrowedRoot, Runnable done) {
        CpIntake current = intake;
        VolumeRoot root = VolumeRoot.decode(borrowedRoot);
        if (current == null || root == null || !current.cp().equals(cp) || !current.matches(root)) {
            return false;
        }
        committing = true;
        hold.commit(() -> current.commit(root, fault -> ended(current, root, fault, done)));
        return true;
    }

    private void ended(CpIntake current, VolumeRoot root, @Nullable IoFault fault, Runnable done) {
        committing = false;
        if (fault != null || current.refused() == null) {
            committed(root, fault, done);
        } else if (!whenAbandoned.isEmpty()) { // Else whoever was told ends the link.
            dropIntake(current);
        }
    }

    private void committed(VolumeRoot root, @Nullable IoFault fault, Runnable done) {
        intake = null;
        if (fault != null) {
            stop(fault);
            return;
        }
        log.dropUpTo(root.upTo().sequence());
        if (log.end().sequence() < root.upTo().sequence()) {
            restartLog(root.upTo());
        }
        copy.log().release(root.cp().count());
        allowance.committed();
        luns.imageCommitted();
        done.run();
        abandoned();
    }

    private void restartLog(Position position) {
        log.restartAt(position);
        durable.all();
        luns.restarted();
    }

    /// Calls `next` when everything in the log is durable.
    public void whenDurable(Runnable next) {
        durable.whenAll(next);
    }

    /// Drops what was received of a consistency point, for instance because the link broke; `done`
    /// is called when the stripes it had touched are right again.
    public void abandon(Runnable done) {
        hold.letGo();
        CpIntake current = intake;
        if (current == null) {
            done.run();
            return;
        }
        whenAbandoned.add(done);
        if (committing) {
            current.hurry();
        } else if (whenAbandoned.size() == 1) {
            dropIntake(current);
        }
    }

    private void dropIntake(CpIntake current) {
        current.abandon(
                fault -> {
                    intake = null;
                    if (fault == null) {
                        abandoned();
                    } else {
                        stop(fault);
                    }
                });
    }

    private void abandoned() {
        List<Runnable> waiting = List.copyOf(whenAbandoned);
        whenAbandoned.clear();
        waiting.forEach(Runnable::run);
    }

    /// Forgets the log and records `next`, durably, before `done`: from here on this copy says
    /// itself that it lacks acknowledged writes, or that it has no image.
    public void fallOutOfSync(CopyState.Sync next, Runnable done) {
        copy.save(
                state -> state.as(CopyState.Role.MIRROR, next),
                saved -> copy.log().dropAll(image().count() + 1, fell(saved, done)));
    }

    private IoCompletion fell(@Nullable IoFault saved, Runnable done) {
        return dropped -> {
            IoFault fault = saved == null ? dropped : saved;
            if (fault != null) {
                stop(fault);
                return;
            }
            restartLog(copy.root().upTo());
            done.run();
        };
    }

    /// The log, which was emptied when this copy fell out of sync, begins anew behind `position`.
    public void expectAfter(Position position) {
        restartLog(position);
    }

    /// Does what a takeover does, without one, and tells how long each part took.
    public void rehearse(TakeoverRehearsal.Handler handler) {
        boolean hasImage = copy.state().sync() != CopyState.Sync.NO_IMAGE;
        if (stopped || !hasImage || hold.isTaken()) {
            handler.refused(hasImage ? "the mirror is busy" : "this copy holds no complete image");
        } else if (committing) {
            copy.loop().clock().schedule(REHEARSE_AGAIN_NANOS, () -> rehearse(handler));
        } else {
            long floor = Math.max(image().count() + 1, copy.state().logFloor());
            new TakeoverRehearsal(copy, log.held(floor), hold, handler).run();
        }
    }

    /// What a takeover replays. The mirror is used no more.
    public VolumeOpening.Entries handOver() {
        stopped = true;
        luns.handOver();
        copy.log().listenNoMore();
        return log::replay;
    }

    private void replay(Handler handler) {
        if (copy.logRefusal() != null) {
            loseLog("it belongs to another log", handler);
            return;
        }
        long floor = Math.max(image().count() + 1, copy.state().logFloor());
        log.read(
                copy.log(),
                floor,
                (unusable, highestHalf) -> {
                    lowestHalf = highestHalf + 1;
                    durable.all();
                    if (unusable == null) {
                        luns.restarted();
                        handler.opened(this);
                    } else {
                        loseLog(unusable, handler);
                    }
                });
    }

    private void loseLog(String why, Handler handler) {
        observer.logLost(why);
        CopyState.Sync now = copy.state().sync();
        CopyState.Sync next = now == CopyState.Sync.NO_IMAGE ? now : CopyState.Sync.OUT_OF_SYNC;
        fallOutOfSync(next, () -> handler.opened(this));
    }

    private void stop(IoFault fault) {
        if (!stopped) {
            stopped = true;
            observer.stopped(fault.toString());
        }
    }
}
