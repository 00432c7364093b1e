package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BooleanSupplier;

/// The copy of a volume that hosts use. It is opened JOINING: its log is replayed and it answers
/// what needs no media. [#activate] opens an epoch, and from then on it serves.
///
/// The way of a write: checked, admitted ([Admission]), sequenced, given to the local log and to
/// the mirror at the same time, taken into the filling overlay; the answer leaves through the
/// [AckGate]. Reads see the overlays first and leave through the same gate.
public final class ActiveVolume implements ShownVolume {
    /// Hears what whoever decides about roles has to know. All calls on the volume's loop.
    public interface Observer {
        /// An image is durable here; `needsCopy` if the attached mirror has to be brought to it by
        /// a walk from the image that it has.
        void imageCommitted(VolumeRoot root, boolean needsCopy);

        /// Space ran short, and `cp`, which a mirror may have, is not kept readable any more: what
        /// was born since cannot be told.
        void pinGivenUp(CpId cp);

        /// The log is out until the node opens it anew. The volume goes on: each write is in an
        /// image before it is acknowledged, which takes long.
        void logLost(String reason);

        /// The volume has stopped for good: two disks of a group, or a broken image.
        void stopped(String reason);
    }

    /// Whether media commands are served, and why not.
    public enum Service {
        /// Opened, no epoch yet.
        JOINING,
        /// Reads and writes are served.
        SERVING,
        /// Nothing new is sequenced: the mirror is about to go on from here ([Handover]).
        HANDING_OVER,
        /// Nothing new is sequenced: the mirror is away and nobody has said to go on without it.
        SUSPENDED,
        /// Over, until the node opens the volume again.
        STOPPED
    }

    private final VolumeCore core;
    private final boolean lostPower;
    private final VolumeEvents events;
    private final CpDriver driver;
    private final Admission admission;
    private final MediaPath media;
    private final VolumeSnapshots snapshots;
    private final ImagePins pins;
    private final Handover handover;
    private final KeptSnapshots kept;
    private final Observer observer;
    private Service service = Service.JOINING;
    private String reason = "waiting for the partner's or the operator's word";
    private Clock.@Nullable Timer abortTimer;

    ActiveVolume(VolumeCore core, boolean lostPower, Observer observer) {
        this.core = core;
        this.lostPower = lostPower;
        this.observer = observer;
        this.events = new VolumeEvents(this, core, observer);
        this.driver = new CpDriver(core, events);
        this.admission = new Admission(core, driver);
        this.media = new MediaPath(this, core, driver, admission);
        this.snapshots = new VolumeSnapshots(this, core, driver);
        this.kept = new KeptSnapshots(core.copy, snapshots.committed());
        this.pins = new ImagePins(core);
        this.handover = new Handover(this, core, driver);
        core.copy.log().listen(events);
    }

    /// The loop that owns the volume.
    public EventLoop loop() {
        return core.copy.loop();
    }

    /// The copy that this works on.
    public VolumeCopy copy() {
        return core.copy;
    }

    /// Whether it serves, and why not.
    public Service service() {
        return service;
    }

    /// What to tell people beside [#service].
    public String reason() {
        return reason;
    }

    /// Whether media commands are served now.
    public boolean isServing() {
        return service == Service.SERVING;
    }

    /// Whether it was opened from rest, and not by a takeover in the middle of its hosts' use.
    public boolean hasLostPower() {
        return lostPower;
    }

    /// The epoch it is active in.
    public Epoch epoch() {
        return core.epoch;
    }

    /// Where the epoch it is active in went on from, or will if none is open yet.
    public Position epochFrom() {
        return service == Service.JOINING ? core.last : core.epochFrom;
    }

    /// The end of the log.
    public Position end() {
        return core.last;
    }

    /// Legs that answers wait for.
    public Legs legs() {
        return core.gate.legs();
    }

    /// Everything up to this sequence is durable on every leg.
    public long durable() {
        return core.gate.durable();
    }

    /// Figures for people.
    public VolumeUsage usage() {
        return VolumeUsage.of(core, driver, admission);
    }

    @Override
    public List<Lun> luns() {
        return core.luns.list().stream()
                .<Lun>map(state -> new VolumeLun(this, state.record()))
                .toList();
    }

    @Nullable LunState lunState(int number) {
        return core.luns.find(number);
    }

    /// Blocks mapped by LUN `number`.
    public long mappedBlocks(int number) {
        LunState lun = core.luns.find(number);
        return lun == null ? 0 : lun.mappedBlocks();
    }

    /// Opens `epoch`, which its partner or the operator granted and which is durably promised, and
    /// serves. Answers wait for `legs`. `mirror`, if given, has every entry or is being sent it.
    public void activate(Epoch epoch, Legs legs, @Nullable Mirror mirror) {
        Check.that(service == Service.JOINING, "a volume is activated once");
        Check.that(
                epoch.compareTo(core.copy.root().cp().epoch()) > 0
                        && epoch.equals(core.copy.state().promised()),
                "an epoch is promised durably before it is opened");
        core.gate.legs(legs);
        core.mirror = mirror;
        enter(Service.SERVING, "");
        core.openEpoch(epoch);
        if (core.isWithoutLog()) {
            driver.request(null);
        }
        events.beginTicking(driver);
    }

    /// Entries that were replayed when the volume was opened, in order, until [#forgetReplayed].
    public List<ReplayedEntry> replayed() {
        return List.copyOf(core.replayed);
    }

    /// No mirror will ask for replayed entries any more.
    public void forgetReplayed() {
        core.replayed.clear();
    }

    /// Makes, or changes the attributes of, LUN `record`. Ends like a write. A LUN of another
    /// identity is not in the way: it is replaced, but not its snapshots.
    public void putLun(LunRecord record, Outcome.Handler done) {
        media.putLun(record, done);
    }

    /// Sets `key` of the volume's state beyond blocks; an empty value removes it.
    public void put(String key, ByteBuffer value, Outcome.Handler done) {
        media.put(key, value, done);
    }

    @Override
    public byte @Nullable [] value(String key) {
        return core.luns.values().get(key);
    }

    /// Who is asked, at the moment a read would be answered, whether this node may still do so.
    public void guardReads(BooleanSupplier guard) {
        media.guardReads(guard);
    }

    /// Makes a consistency point; `done` is called when it is durable here.
    public void checkpoint(@Nullable Runnable done) {
        driver.request(done);
    }

    /// Makes a consistency point soon: at once if hosts are idle, else the one that comes anyway.
    public void checkpointSoon() {
        driver.requestIfIdle();
    }

    /// Older images that stay readable.
    public ImagePins pins() {
        return pins;
    }

    /// Walks what was born after `since` in the committed image, which the caller has pinned.
    public ImageWalk walk(CpId since) {
        return new ImageWalk(core, since);
    }

    /// `mirror` holds image `image` and every entry behind it, or is being sent what it lacks. From
    /// here on it gets everything, and answers wait for `legs`.
    public void attach(Mirror mirror, CpId image, Legs legs) {
        core.gate.legs(legs);
        cancelAbort();
        driver.attach(mirror, image);
        resume();
    }

    /// `mirror` gets all from the next consistency point on, and the image of that one by a walk.
    public void goLive(Mirror mirror) {
        driver.goLive(mirror);
    }

    /// What its entries take of the mirror's log.
    public MirrorLogUse mirrorLogUse() {
        return core.mirrorLogUse;
    }

    /// Answers wait for `legs` from here on. The mirror's log ends at `mirrorEnd`.
    public void require(Legs legs, long mirrorEnd) {
        core.gate.mirrorBeginsAt(mirrorEnd);
        core.gate.legs(legs);
    }

    /// The mirror has durably stored every entry up to `sequence`.
    public void mirrorStored(long sequence) {
        core.gate.mirror(sequence);
        admission.drain();
    }

    /// The mirror has committed `cp`.
    public void mirrorCommitted(CpId cp) {
        driver.mirrorCommitted(cp);
        handover.check();
    }

    /// The mirror is away. If answers need it, nothing new is sequenced, and what was sequenced is
    /// aborted after a while.
    public void mirrorLost(String why) {
        driver.mirrorLost();
        boolean served = service == Service.SERVING || service == Service.HANDING_OVER;
        if (core.gate.legs() == Legs.BOTH && served) {
            hold(Service.SUSPENDED, why);
            abortTimer =
                    loop().clock()
                            .schedule(
                                    core.copy.settings().abortNanos(), () -> core.gate.abort(why));
        }
    }

    /// What is sequenced without the mirror: who lets it go on alone begins to count.
    public Unmirrored unmirrored() {
        return core.unmirrored;
    }

    /// No more is sequenced without the mirror, until it has everything or the count begins anew.
    public void suspend(String why) {
        core.unmirrored.spend();
        if (service == Service.SERVING) {
            hold(Service.SUSPENDED, why);
        }
    }

    /// The mirror has everything, and answers wait for it.
    public void inSync() {
        core.unmirrored.end();
        resume();
    }

    /// Goes on without the mirror. It is durably recorded already that this copy is ahead of it.
    public void detach() {
        cancelAbort();
        driver.detached();
        core.gate.legs(Legs.LOCAL);
        resume();
    }

    /// Ends all service; what waits is aborted. `quiet` is called when nothing touches the disks
    /// any more, so that the copy can be opened again.
    public void retire(String why, Runnable quiet) {
        stop(why);
        driver.whenQuiet(quiet);
    }

    /// Ends all service; what waits is aborted.
    public void stop(String why) {
        if (service == Service.STOPPED) {
            return;
        }
        enter(Service.STOPPED, why);
        driver.stop();
        core.mirror = null;
        cancelAbort();
        events.endTicking();
        admission.refuseAll(new Outcome.NotServing(why));
        driver.refuseBoundaries(new Outcome.NotServing(why));
        core.gate.abort(why);
        observer.stopped(why);
    }

    /// Its snapshots.
    public VolumeSnapshots snapshots() {
        return snapshots;
    }

    @Override
    public KeptSnapshots kept() {
        return kept;
    }

    /// How it comes to rest, so that the mirror can go on.
    public Handover handover() {
        return handover;
    }

    void handingOver(String why) {
        Check.that(
                isServing() && legs() == Legs.BOTH, "what is handed over is served and mirrored");
        hold(Service.HANDING_OVER, why);
    }

    void serveOn() {
        if (service == Service.HANDING_OVER) {
            enter(Service.SERVING, "");
            admission.drain();
        }
    }

    /// Log room and space came back.
    void roomMade() {
        admission.drain();
    }

    /// Where LUNs send their commands.
    MediaPath media() {
        return media;
    }

    /// Nothing new is sequenced from here on; what waited for that is refused as busy.
    private void hold(Service next, String why) {
        enter(next, why);
        admission.refuseAll(new Outcome.Busy(why));
        driver.refuseBoundaries(new Outcome.Busy(why));
    }

    private void resume() {
        if (service == Service.SUSPENDED && !core.unmirrored.isSpent()) {
            enter(Service.SERVING, "");
        }
        admission.drain();
    }

    private void enter(Service next, String why) {
        Check.that(service != Service.STOPPED, "a stopped volume stays stopped");
        service = next;
        reason = why;
    }

    private void cancelAbort() {
        if (abortTimer != null) {
            abortTimer.cancel();
            abortTimer = null;
        }
    }
}
