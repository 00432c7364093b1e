package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.Legs;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.ClaimedRole;
import lockstep.replication.wire.ProtocolViolation;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

/// The source's side: the volume is active here. It opens its epoch with the partner's promise,
/// keeps the mirror in sync through [SourceSync], and stops acknowledging when the mirror is away
/// and nobody has said to go on without it (policy strict).
final class SourceRole implements Role, ActiveVolume.Observer {
    private final Replica replica;
    private final SourceOrders orders;
    private final ReadLease lease;
    private final EpochOpening opening;
    private @Nullable ActiveVolume volume;
    private @Nullable SourceSync sync;
    private @Nullable String diverged;

    SourceRole(Replica replica) {
        this.replica = replica;
        this.lease = new ReadLease(replica);
        this.orders = new SourceOrders(replica, this);
        this.opening = new EpochOpening(replica, this);
    }

    /// After a start of the node: a volume without a mirror serves; one with a mirror waits.
    void openedAtStart(ActiveVolume opened) {
        use(opened);
        if (isStandalone()) {
            orders.activateAlone(_ -> {});
        } else {
            // The mirror may have this image and could not say so before the node went down.
            opened.pins().addImage();
            replica.activeChanged();
        }
    }

    /// After a takeover: `epoch` is promised durably and nobody else can have it. The image is
    /// pinned, because the old source may have the same one.
    void openedByTakeover(ActiveVolume opened, Epoch epoch) {
        use(opened);
        // What the old source had pinned was never here.
        opened.pins().onlyImage();
        serveAlone(epoch);
        if (replica.link() != null) {
            linkUp();
        }
    }

    /// After a switchover: the old source, which holds all of `opened`, has promised `epoch`. It is
    /// the mirror from the first moment on. If its link `told` is not up any more, this waits as
    /// after a start.
    void openedBySwitchover(ActiveVolume opened, Epoch epoch, @Nullable PeerLink told) {
        SourceSync next = use(opened);
        opened.pins().onlyImage();
        if (told != null && told.equals(replica.link())) {
            next.decide(
                    epoch, opened.end(), opened.copy().root().cp(), WireStates.of(Sync.IN_SYNC));
            // The mirror has not heard yet that there is a source, which it has more to tell.
            replica.sendStatus();
        } else {
            replica.activeChanged();
            linkUp();
        }
    }

    private SourceSync use(ActiveVolume opened) {
        SourceSync next = new SourceSync(replica, opened);
        volume = opened;
        sync = next;
        opened.guardReads(lease::mayAnswer);
        opened.snapshots().usedBy(replica.shownSnapshots::whyKept);
        return next;
    }

    boolean isStandalone() {
        return replica.copy().state().role() == CopyState.Role.STANDALONE;
    }

    @Override
    public RoleState state() {
        ActiveVolume active = volume;
        if (diverged != null) {
            return RoleState.DIVERGED;
        }
        if (active == null) {
            return RoleState.OPENING;
        }
        return switch (active.service()) {
            case JOINING -> RoleState.JOINING;
            case HANDING_OVER -> RoleState.HANDING_OVER;
            case SUSPENDED -> RoleState.SUSPENDED;
            case STOPPED -> RoleState.STOPPED;
            case SERVING -> servingState();
        };
    }

    private RoleState servingState() {
        if (isStandalone()) {
            return RoleState.STANDALONE;
        }
        return switch (phase()) {
            case LIVE -> RoleState.IN_SYNC;
            case APART, OPENING_EPOCH, ASKING -> RoleState.ALONE;
            case COPYING, JOINING_LOG, CATCHING_UP, RECORDING -> RoleState.RESYNCING;
        };
    }

    /// Why the mirror is not to become the source; null if nothing speaks against it.
    @Nullable Refusal doubt() {
        return sync == null ? null : sync.doubt();
    }

    @Nullable EqualityCheck equality() {
        return sync == null ? null : sync.equality();
    }

    @Nullable Exposure exposure() {
        return sync == null ? null : sync.exposure();
    }

    @Override
    public PairPolicy policy() {
        Exposure known = exposure();
        return known == null ? PairPolicy.STRICT : known.policy();
    }

    @Override
    public Exposed exposed() {
        Exposure known = exposure();
        return known == null ? Exposed.NOT : known.exposed();
    }

    @Override
    public CpId equalAt() {
        return sync == null ? CpId.NONE : sync.equalAt();
    }

    @Override
    public long differences() {
        return sync == null ? 0 : sync.equality().differences();
    }

    @Override
    public long sinceMillis() {
        return sync == null ? 0 : sync.exposure().sinceMillis();
    }

    private SyncPhase phase() {
        return sync == null ? SyncPhase.APART : sync.phase();
    }

    @Override
    public String reason() {
        ActiveVolume active = volume;
        String why = diverged;
        return why != null ? why : active == null ? "" : active.reason();
    }

    @Override
    public @Nullable ActiveVolume active() {
        return volume;
    }

    @Override
    public Position end() {
        return volume == null ? Position.NONE : volume.end();
    }

    @Override
    public ResyncProgress progress() {
        return sync == null ? ResyncProgress.NONE : sync.progress();
    }

    @Override
    public long backlogBytes() {
        return sync == null ? 0 : sync.feed().backlogBytes();
    }

    @Override
    public void linkUp() {
        if (volume != null && diverged == null) {
            replica.sendStatus();
        }
    }

    @Override
    public void linkLost(String why) {
        partnerStopped("the link to the mirror is lost: " + why);
    }

    @Override
    public void partnerStopped(String why) {
        opening.forget();
        if (sync != null) {
            sync.linkLost(why);
        }
        orders.broken(why);
    }

    @Override
    public void writable() {
        if (sync != null) {
            sync.feed().writable();
        }
    }

    /// The mirror says what it has. It has to promise the epoch that is, or will be, open here.
    @Override
    public void partnerSays(VolumeMessage.CopyStatus status) {
        Exposure mine = exposure();
        if (mine != null && mine.isDeciding()) {
            return;
        }
        if (status.role() == ClaimedRole.SOURCE) {
            twoSources(status);
            return;
        }
        ActiveVolume active = volume;
        if (active == null || isStandalone() || diverged != null) {
            return;
        }
        boolean joining = active.service() == ActiveVolume.Service.JOINING;
        if (!joining && status.promised().equals(active.epoch())) {
            decide(status.logEnd(), status.image());
        } else if (!joining) {
            opening.ask(active.epoch());
        } else {
            opening.openNew(status.promised());
        }
    }

    /// Whether no epoch is open here, and nobody is about to open one without the partner.
    boolean waitsForEpoch() {
        ActiveVolume active = volume;
        Exposure mine = exposure();
        return active != null
                && active.service() == ActiveVolume.Service.JOINING
                && (mine == null || !mine.isDeciding());
    }

    /// Both are sources: one stays, the other becomes its mirror, or an operator has to choose.
    private void twoSources(VolumeMessage.CopyStatus status) {
        CopyState state = replica.copy().state();
        boolean alone = state.sync() == Sync.OUT_OF_SYNC;
        boolean theyAlone = status.state() == lockstep.replication.wire.CopyState.OUT_OF_SYNC;
        var mine = new TwoSources.Side(end().epoch(), state.promised(), alone);
        var theirs = new TwoSources.Side(status.logEnd().epoch(), status.promised(), theyAlone);
        switch (TwoSources.judge(mine, theirs)) {
            case STAY -> {}
            case YIELD ->
                    replica.changes()
                            .demote(
                                    "the partner has opened epoch " + status.promised(),
                                    status.promised());
            case DIVERGED -> diverged("both nodes acknowledged writes on their own");
        }
    }

    @Override
    public void received(VolumeMessage message) {
        SourceSync running = sync;
        if (running == null || diverged != null) {
            return;
        }
        switch (message) {
            case VolumeMessage.EpochPromised m -> {
                if (opening.isPromised(m.epoch())) {
                    decide(m.logEnd(), m.image());
                }
            }
            case VolumeMessage.OlderImages m -> running.common().mirrorCanGoBackTo(m.images());
            case VolumeMessage.Fenced m -> fenced(m.promised());
            case VolumeMessage.EntriesStored m -> running.stored(m.epoch(), m.upToSequence());
            case VolumeMessage.LogQuota m -> running.feed().logQuota(m.bytes());
            case VolumeMessage.CpCommitted m -> running.committed(m.cp());
            case VolumeMessage.CpProgress m -> running.feed().progress(m.cp(), m.blocks());
            case VolumeMessage.ResyncReady m -> running.ready(epochToServe(), m.image());
            case VolumeMessage.ImageWanted _ -> replica.wantImage();
            case VolumeMessage.ImageVerified m -> running.equality().verified(m);
            case VolumeMessage.InSyncRecorded m -> running.recorded(m.epoch());
            case VolumeMessage.HandedOver _ -> {}
            case VolumeMessage.VolumeUnknown _ -> {
                replica.tell("the partner has no copy of this volume");
                partnerStopped("the partner has no copy of this volume");
            }
            case VolumeMessage.CpRefused m -> running.refused(m.cp(), m.reason());
            default ->
                    throw new ProtocolViolation(
                            "a mirror does not send " + message.getClass().getSimpleName());
        }
    }

    private Epoch epochToServe() {
        ActiveVolume active = volume;
        return active == null || active.service() == ActiveVolume.Service.JOINING
                ? replica.copy().state().promised()
                : active.epoch();
    }

    private void decide(Position mirrorEnd, CpId mirrorImage) {
        VolumeMessage.CopyStatus status = replica.heard();
        if (status != null && sync != null) {
            sync.decide(epochToServe(), mirrorEnd, mirrorImage, status.state());
        }
    }

    /// The mirror has promised a higher epoch than the one it was sent something of.
    private void fenced(Epoch promised) {
        ActiveVolume active = volume;
        boolean joining = active != null && active.service() == ActiveVolume.Service.JOINING;
        if (waitsForEpoch()) {
            opening.openNew(promised);
        } else if (active != null && !joining && promised.compareTo(active.epoch()) > 0) {
            replica.changes().demote("the partner has promised epoch " + promised, promised);
        }
    }

    /// What the operator can ask of it.
    SourceOrders orders() {
        return orders;
    }

    void serveAlone(Epoch epoch) {
        ActiveVolume active = volume;
        Exposure exposure = exposure();
        if (active != null && active.service() == ActiveVolume.Service.JOINING) {
            if (exposure != null && !isStandalone()) {
                exposure.aheadOfMirror();
            }
            active.activate(epoch, Legs.LOCAL, null);
            active.forgetReplayed();
            active.checkpoint(null);
            replica.tell("active in epoch " + epoch + ", without a mirror");
            replica.activeChanged();
        }
    }

    /// Both copies have a history of their own. Nothing is served here until an operator decides.
    void diverged(String why) {
        ActiveVolume active = volume;
        if (diverged == null && active != null) {
            diverged = why;
            replica.tell("diverged: " + why);
            active.stop(why);
            replica.activeChanged();
        }
    }

    @Override
    public void imageCommitted(VolumeRoot root, boolean needsCopy) {
        if (needsCopy && sync != null) {
            sync.copyNeeded();
        }
    }

    @Override
    public void pinGivenUp(CpId cp) {
        if (sync != null) {
            sync.pinGivenUp(cp);
        }
    }

    @Override
    public void logLost(String reason) {
        replica.tell("the log is out, writes wait for consistency points: " + reason);
    }

    @Override
    public void stopped(String reason) {
        orders.broken("the volume has stopped: " + reason);
        if (sync != null) {
            sync.over("the volume has stopped: " + reason);
        }
        if (replica.isRole(this) && diverged == null) {
            replica.stopped(reason);
        }
    }
}
