package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.blockstore.volume.ShownVolume;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.ClaimedRole;
import lockstep.replication.wire.ProtocolViolation;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Consumer;

/// The destination's side: stores the source's entries and images, as far as [MirrorFence] lets
/// them in, and takes over when told to.
final class MirrorRole implements Role, MirrorVolume.Observer {
    private static final long FALLING_NANOS = 10_000_000;

    private final Replica replica;
    private @Nullable MirrorVolume mirror;
    private @Nullable Takeover takeover;
    private final MirrorFence fence;
    private final HandedOver handedOver;
    private final ImageIntake images;
    private final ImageVerifier verifier;
    private final MirrorQuota quota;
    private final MirrorRecords records;
    private boolean recovering;
    private boolean retired;
    private boolean falling;
    private Position sourceBegan = Position.NONE;

    /// `given`: the switchover that made this copy the mirror; null if it was none.
    MirrorRole(Replica replica, @Nullable Switchover given) {
        this.replica = replica;
        this.handedOver = new HandedOver(replica, given, this::linkUp);
        this.fence = new MirrorFence(replica);
        this.quota = new MirrorQuota(replica);
        this.records = new MirrorRecords(replica);
        this.verifier = new ImageVerifier(replica);
        this.images = new ImageIntake(replica, records, fence, this::answerStatus);
    }

    @Override
    public boolean hasHandedOver() {
        return handedOver.isGiver();
    }

    void opened(MirrorVolume volume) {
        mirror = volume;
        // The link may have come up before.
        linkUp();
        replica.activeChanged();
    }

    /// Whether a takeover has begun to change something; until then this is a mirror as ever.
    boolean isTakingOver() {
        boolean judged = takeover != null && takeover.stage() != TakeoverStage.JUDGING;
        return judged || handedOver.isTaking();
    }

    @Override
    public RoleState state() {
        if (isTakingOver()) {
            return RoleState.TAKING_OVER;
        }
        return replica.link() == null ? RoleState.WAITING : RoleState.MIRRORING;
    }

    @Override
    public String reason() {
        Takeover running = takeover;
        if (isTakingOver()) {
            return running == null ? "the source hands over" : running.stage().toString();
        }
        return switch (replica.copy().state().sync()) {
            case UNPAIRED, IN_SYNC -> "in sync with its source as far as it knows";
            case OUT_OF_SYNC -> "out of sync: it lacks acknowledged writes";
            case NO_IMAGE -> "no image yet: the first copy is not complete";
        };
    }

    @Override
    public PairPolicy policy() {
        MirrorVolume volume = mirror;
        PairPolicy known = volume == null ? null : PairPolicy.of(volume.value(PairPolicy.KEY));
        return known == null ? PairPolicy.STRICT : known;
    }

    @Override
    public CpId equalAt() {
        return images.equalAt();
    }

    @Override
    public long differences() {
        return images.differences();
    }

    @Override
    public Position end() {
        MirrorVolume volume = mirror;
        return volume == null ? Position.NONE : volume.end();
    }

    @Override
    public void linkUp() {
        MirrorVolume volume = mirror;
        if (volume != null && replica.link() != null && handedOver.tell(volume)) {
            // What was told is a promise on this link.
            fence.told();
        }
    }

    /// The source says what it is; it is told what is here.
    @Override
    public void partnerSays(VolumeMessage.CopyStatus status) {
        if (status.role() == ClaimedRole.SOURCE) {
            handedOver.heard();
            answerStatus();
        }
    }

    /// Its source may let the volume grow.
    @Override
    public void roomGrew() {
        answerStatus();
    }

    private void answerStatus() {
        MirrorVolume volume = mirror;
        if (!recovering && !images.isRefusing() && !isTakingOver() && volume != null) {
            quota.tell(volume);
            // What is said of the log's end is taken for durable.
            volume.whenDurable(() -> sayWhatIsHere(volume));
        }
    }

    @Override
    public void logQuota(long bytes) {
        quota.set(bytes, isTakingOver() ? null : mirror);
    }

    private void sayWhatIsHere(MirrorVolume volume) {
        List<CpId> images = volume.history().images(replica.self());
        if (images.size() > 1 && replica.copy().state().sync() != Sync.NO_IMAGE) {
            replica.send(new VolumeMessage.OlderImages(images.subList(1, images.size())));
        }
        replica.sendStatus();
    }

    /// What was received of a consistency point is worth nothing without its rest.
    @Override
    public void linkLost(String why) {
        MirrorVolume volume = mirror;
        Takeover judging = takeover;
        fence.linkLost();
        images.linkLost();
        verifier.stop();
        sourceBegan = Position.NONE;
        if (judging != null) {
            // Not now: the link may be replaced by a newer one of a source that lives.
            replica.copy().loop().execute(() -> judgeAgain(judging));
        }
        if (volume != null && volume.receiving() != null && !recovering) {
            recovering = true;
            volume.abandon(
                    () -> {
                        recovering = false;
                        if (replica.link() != null) {
                            answerStatus();
                        }
                    });
        }
    }

    @Override
    public void stored(Position upTo) {
        if (!isTakingOver()) {
            replica.send(new VolumeMessage.EntriesStored(upTo.epoch(), upTo.sequence()));
        }
    }

    @Override
    public void written(CpId cp, long blocks) {
        replica.send(new VolumeMessage.CpProgress(cp, blocks));
    }

    /// The source sends whole blocks when it is asked again, on the next link.
    @Override
    public void refused(CpId cp, String reason) {
        PeerLink from = replica.link();
        replica.tell("image " + cp + " is not taken: " + reason);
        if (from != null) {
            replica.send(new VolumeMessage.CpRefused(cp, reason));
            from.close(reason);
        }
    }

    @Override
    public void logLost(String reason) {
        replica.tell("the log of this copy cannot be used: " + reason);
    }

    @Override
    public @Nullable ShownVolume shown() {
        return mirror;
    }

    @Override
    public void lunsChanged() {
        replica.activeChanged();
    }

    @Override
    public void stopped(String reason) {
        replica.stopped(reason);
        if (takeover != null) {
            takeover.stopped(reason);
        }
    }

    void takeover(boolean sourceIsDown, boolean acceptLoss, Consumer<@Nullable Refusal> done) {
        MirrorVolume volume = mirror;
        boolean falls = falling || images.isRefusing();
        if (volume == null || takeover != null || retired || falls || handedOver.isTaking()) {
            done.accept(new Refusal("the mirror is busy", "wait for what is under way"));
            return;
        }
        takeover =
                new Takeover(
                        replica,
                        volume,
                        sourceIsDown,
                        acceptLoss,
                        refusal -> {
                            if (!isTakingOver()) {
                                takeover = null;
                            }
                            done.accept(refusal);
                        });
        takeover.judge();
    }

    private void judgeAgain(Takeover judging) {
        if (judging.equals(takeover) && !isTakingOver()) {
            if (falling || images.isRefusing()) {
                replica.copy().loop().clock().schedule(FALLING_NANOS, () -> judgeAgain(judging));
            } else {
                judging.judge();
            }
        }
    }

    /// Ends the mirror. One that is in sync and linked is refused: its source counts on it.
    void retire(Consumer<@Nullable Refusal> done) {
        MirrorVolume volume = mirror;
        if (volume == null || takeover != null || recovering) {
            done.accept(new Refusal("the mirror is busy", "wait for what is under way"));
        } else if (replica.link() != null && replica.copy().state().sync() == Sync.IN_SYNC) {
            done.accept(
                    new Refusal(
                            "the source mirrors to this copy", "delete the pair on the source"));
        } else {
            // Whatever comes from the source from here on is not taken any more.
            recovering = true;
            retired = true;
            volume.abandon(() -> volume.whenDurable(() -> done.accept(null)));
        }
    }

    @Override
    public void received(VolumeMessage message) {
        MirrorVolume volume = mirror;
        if (volume == null || recovering || images.isRefusing() || isTakingOver()) {
            return;
        }
        switch (message) {
            case VolumeMessage.OpenEpoch m -> fence.open(volume, m);
            case VolumeMessage.Entries m -> entries(volume, m);
            case VolumeMessage.HandedOver m -> take(volume, m);
            case VolumeMessage.CpBegin m -> images.begin(volume, m);
            case VolumeMessage.CpData m -> Intake.data(volume, m);
            case VolumeMessage.CpReferences m -> Intake.references(volume, m);
            case VolumeMessage.CpChanges m -> Intake.changes(volume, m);
            case VolumeMessage.CpDigest m -> images.digest(volume, m);
            case VolumeMessage.CpCommit m -> images.commit(volume, m);
            case VolumeMessage.VerifyImage m -> verifier.take(volume, m);
            case VolumeMessage.EpochBegan m -> {
                if (!fence.isFenced(m.epoch())) {
                    sourceBegan = m.from();
                }
            }
            case VolumeMessage.ResyncBegin m -> resync(volume, m);
            case VolumeMessage.GoLive m -> goLive(volume, m);
            case VolumeMessage.InSync m -> {
                if (!fence.isFenced(m.epoch())) {
                    records.inSync(volume, m);
                }
            }
            case VolumeMessage.Detached m -> {
                if (!fence.isFenced(m.epoch())) {
                    records.detached();
                }
            }
            case VolumeMessage.VolumeUnknown _ ->
                    replica.tell("the source does not mirror this volume any more");
            // What the partner said as a mirror may still come when this copy has become one.
            case VolumeMessage.EntriesStored _,
                    VolumeMessage.CpProgress _,
                    VolumeMessage.LogQuota _,
                    VolumeMessage.OlderImages _,
                    VolumeMessage.ImageVerified _,
                    VolumeMessage.ImageWanted _
                    when hasHandedOver() -> {}
            default ->
                    throw new ProtocolViolation(
                            "a source does not send " + message.getClass().getSimpleName());
        }
    }

    private void take(MirrorVolume volume, VolumeMessage.HandedOver m) {
        handedOver.take(volume, m);
        if (handedOver.isTaking()) {
            verifier.stop();
        }
    }

    private void entries(MirrorVolume volume, VolumeMessage.Entries m) {
        if (fence.isFenced(m.epoch())) {
            return;
        }
        handedOver.served();
        Intake.entries(volume, m);
    }

    private void resync(MirrorVolume volume, VolumeMessage.ResyncBegin m) {
        if (fence.isFenced(m.epoch())) {
            return;
        }
        if (m.since().count() > 0 && replica.copy().state().sync() == Sync.NO_IMAGE) {
            throw new ProtocolViolation("there is no image here to send a difference to");
        }
        recovering = true;
        falling = true;
        images.resync();
        PeerLink asking = replica.link();
        FallingOut fall =
                new FallingOut(
                        replica, volume, m.since(), sourceBegan, image -> fell(image, asking));
        // A source that begins anew has sent part of another image.
        volume.abandon(fall::run);
    }

    private void fell(CpId image, @Nullable PeerLink asking) {
        recovering = false;
        falling = false;
        images.fell(image);
        if (asking != null && asking.equals(replica.link())) {
            replica.send(new VolumeMessage.ResyncReady(image));
        } else if (replica.link() != null) {
            answerStatus();
        }
    }

    private void goLive(MirrorVolume volume, VolumeMessage.GoLive m) {
        if (!fence.isFenced(m.epoch())) {
            images.live();
            volume.expectAfter(new Position(Epoch.NONE, m.fromSequence() - 1));
        }
    }
}
