package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState.Role;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.Legs;
import lockstep.replication.link.PeerLink;
import lockstep.replication.source.ImageSender;
import lockstep.replication.source.MirrorSender;
import lockstep.replication.wire.CopyState;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// How a source brings its mirror in sync, and keeps it so.
///
/// A mirror that was in sync when the link broke is attached again at once: it holds every
/// acknowledged write; it is sent the entries it lacks, and at most one image by difference.
/// Nothing is acknowledged without it meanwhile, so it never falls out of sync.
///
/// Any other mirror records first, durably, that it is out of sync. Only then may the source
/// acknowledge alone. Images follow as differences, each to the one before, while writes go on;
/// when little is left, entries go live from a consistency point on, answers wait for both legs,
/// and once the mirror has all of them both sides record that they are in sync: the source first,
/// so that there is no moment at which the mirror believes it and the source does not.
final class SourceSync {
    /// A difference of no more blocks than this is sent while entries go live.
    private static final long LAST_DIFFERENCE_BLOCKS = 8192;

    /// After so many rounds entries go live whatever is left.
    private static final int ROUNDS_MAX = 6;

    private final Replica replica;
    private final ActiveVolume volume;
    private final Exposure exposure;
    private final EqualityCheck equality;
    private final CommonImage common;
    private final ResyncMeter meter;
    private final MirrorFeed feed;
    private SyncPhase phase = SyncPhase.APART;
    private CpId mirrorImage = CpId.NONE;
    private long epochStart;
    private long storedUpTo;
    private long catchUpTo;
    private int rounds;

    SourceSync(Replica replica, ActiveVolume volume) {
        this.replica = replica;
        this.volume = volume;
        this.exposure = new Exposure(replica, volume);
        this.equality = new EqualityCheck(replica, volume);
        this.common = new CommonImage(volume);
        this.meter = new ResyncMeter(volume.loop().clock(), this::where, replica::tell);
        this.feed = new MirrorFeed(replica, volume, meter);
    }

    /// What goes to the mirror.
    MirrorFeed feed() {
        return feed;
    }

    EqualityCheck equality() {
        return equality;
    }

    Exposure exposure() {
        return exposure;
    }

    SyncPhase phase() {
        return phase;
    }

    /// The last image that the mirror has named or committed, if nothing in it was found to differ.
    CpId equalAt() {
        return equality.mirrorDiffers() ? CpId.NONE : mirrorImage;
    }

    private String where() {
        return phase + ", the mirror has image " + mirrorImage + " and entry " + storedUpTo;
    }

    ResyncProgress progress() {
        return meter.progress(phase.toString(), replica.resyncPace().bytesPerSecond());
    }

    /// What mirror and source have in common.
    CommonImage common() {
        return common;
    }

    /// The mirror has promised `epoch`; its log ends at `end`, it holds `image`.
    void decide(Epoch epoch, Position end, CpId image, CopyState theirs) {
        PeerLink link = replica.link();
        if (link == null || phase != SyncPhase.APART || exposure.isDeciding()) {
            return;
        }
        mirrorImage = image;
        boolean differs = equality.mirrorDiffers() || feed.takesNoDifference();
        boolean mine = replica.copy().state().sync() == Sync.IN_SYNC;
        boolean wereInSync = mine && theirs == CopyState.IN_SYNC && !differs;
        boolean imageKnown = common.isKnown(image);
        boolean logKnown = end.sequence() >= volume.copy().root().upTo().sequence();
        if (wereInSync && imageKnown && logKnown) {
            attach(epoch, link, Math.min(end.sequence(), volume.end().sequence()));
        } else {
            boolean all = theirs == CopyState.NO_IMAGE || differs;
            mirrorImage = all ? CpId.NONE : common.newest(image);
            askToFallOut(epoch);
        }
    }

    private void attach(Epoch epoch, PeerLink link, long mirrorEnd) {
        MirrorSender before = feed.sender();
        MirrorSender next = feed.open(epoch, link, /* announced= */ true);
        storedUpTo = mirrorEnd;
        volume.require(Legs.BOTH, mirrorEnd);
        if (volume.service() == ActiveVolume.Service.JOINING) {
            next.send(volume.replayed(), mirrorEnd);
            epochStart = volume.end().sequence() + 1;
            volume.activate(epoch, Legs.BOTH, next);
            volume.forgetReplayed();
        } else if (before != null) {
            next.resendFrom(before, mirrorEnd);
        }
        phase = SyncPhase.LIVE;
        volume.attach(next, mirrorImage, Legs.BOTH);
        exposure.inSync();
        volume.checkpoint(null);
        replica.tell("in sync with the mirror, epoch " + epoch);
        replica.activeChanged();
    }

    private void askToFallOut(Epoch epoch) {
        phase = SyncPhase.ASKING;
        meter.begin(mirrorImage.count() == 0);
        if (mirrorImage.equals(volume.copy().root().cp())) {
            volume.pins().addImage();
        }
        replica.send(new VolumeMessage.EpochBegan(epoch, volume.epochFrom()));
        replica.send(new VolumeMessage.ResyncBegin(epoch, mirrorImage, 0));
    }

    /// The mirror has recorded that it is out of sync and holds `image`: from here on this copy may
    /// serve alone, and says so durably before it does.
    void ready(Epoch epoch, CpId image) {
        PeerLink link = replica.link();
        if (phase != SyncPhase.ASKING || link == null || exposure.isDeciding()) {
            return;
        }
        if (!image.equals(mirrorImage)) {
            mirrorImage = CpId.NONE;
            meter.begin(true);
        }
        exposure.decide(
                exposure::ahead,
                () -> {
                    exposure.aheadOfMirror();
                    if (volume.service() == ActiveVolume.Service.JOINING) {
                        epochStart = volume.end().sequence() + 1;
                        volume.activate(epoch, Legs.LOCAL, null);
                        volume.forgetReplayed();
                        replica.activeChanged();
                    } else {
                        volume.detach();
                    }
                    if (link.equals(replica.link()) && phase == SyncPhase.ASKING) {
                        begin(link);
                    } else {
                        replica.hearAgain();
                    }
                });
    }

    private void begin(PeerLink link) {
        // Space may have run short since the mirror was asked.
        if (mirrorImage.count() > 0 && !common.isKnown(mirrorImage)) {
            again();
            return;
        }
        volume.pins().keepOnly(mirrorImage);
        rounds = 0;
        feed.open(volume.epoch(), link, /* announced= */ false);
        round();
    }

    /// What the mirror was to get cannot be told any more: it is asked anew.
    private void again() {
        feed.stopImage();
        if (!common.isKnown(mirrorImage)) {
            mirrorImage = CpId.NONE;
        }
        askToFallOut(volume.epoch());
    }

    /// Space ran short, and `cp` is not kept any more.
    void pinGivenUp(CpId cp) {
        replica.tell("room runs short: image " + cp + " is not kept for the mirror any more");
        ImageSender sent = feed.image();
        if (phase == SyncPhase.COPYING && sent != null && sent.image().equals(cp)) {
            again();
        }
    }

    /// The mirror has not taken `cp`.
    void refused(CpId cp, String reason) {
        replica.tell("the mirror refused " + cp + ": " + reason);
        feed.refused(reason);
    }

    /// Why the mirror is not to become the source, however it stands otherwise; null if nothing is
    /// known that speaks against it.
    @Nullable Refusal doubt() {
        String refused = feed.refusedFor();
        if (equality.mirrorDiffers()) {
            return Refusal.MIRROR_DIFFERS;
        }
        return refused == null ? null : Refusal.mirrorRefused(refused);
    }

    /// A new image, and the difference to what the mirror has.
    private void round() {
        phase = SyncPhase.COPYING;
        rounds++;
        MirrorSender mine = feed.sender();
        replica.tell(
                mirrorImage.count() == 0
                        ? "resync: there is no common image, sending everything"
                        : "resync: sending what is newer than " + mirrorImage);
        volume.checkpoint(
                () -> {
                    if (phase == SyncPhase.COPYING && feed.isSender(mine)) {
                        volume.pins().addImage();
                        feed.sendImage(mirrorImage);
                    }
                });
    }

    /// The attached mirror lacks the image just committed: it goes as a difference.
    void copyNeeded() {
        if (phase == SyncPhase.JOINING_LOG || phase == SyncPhase.LIVE) {
            feed.sendImage(mirrorImage);
        }
    }

    void committed(CpId cp) {
        feed.committed();
        switch (phase) {
            case COPYING -> roundDone(cp);
            case JOINING_LOG -> {
                feed.imageTaken();
                mirrorImage = cp;
                catchUp(cp);
            }
            case CATCHING_UP, RECORDING, LIVE -> {
                feed.imageTaken();
                mirrorImage = cp;
                equality.mirrorHas(cp);
                volume.mirrorCommitted(cp);
            }
            case APART, OPENING_EPOCH, ASKING -> {}
        }
    }

    private void roundDone(CpId cp) {
        ImageSender done = feed.image();
        if (done == null || !done.image().equals(cp)) {
            return;
        }
        feed.imageTaken();
        volume.pins().remove(mirrorImage);
        mirrorImage = cp;
        if (done.blocks() > LAST_DIFFERENCE_BLOCKS && rounds < ROUNDS_MAX) {
            round();
            return;
        }
        MirrorSender sender = feed.sender();
        if (sender != null) {
            phase = SyncPhase.JOINING_LOG;
            volume.goLive(sender);
        }
    }

    private void catchUp(CpId cp) {
        phase = SyncPhase.CATCHING_UP;
        volume.require(Legs.BOTH, Math.max(storedUpTo, volume.copy().root().upTo().sequence()));
        catchUpTo = volume.end().sequence();
        volume.mirrorCommitted(cp);
        recordIfCaughtUp();
    }

    void stored(Epoch epoch, long sequence) {
        // An entry of an older epoch is one from before this epoch began, whatever its sequence.
        long upTo = epoch.equals(volume.epoch()) ? sequence : Math.min(sequence, epochStart - 1);
        MirrorSender sender = feed.sender();
        if (sender == null || upTo <= storedUpTo) {
            return;
        }
        storedUpTo = upTo;
        sender.stored(upTo);
        volume.mirrorStored(upTo);
        recordIfCaughtUp();
    }

    private void recordIfCaughtUp() {
        boolean imageHasAll = volume.copy().root().upTo().sequence() >= catchUpTo;
        boolean hasAll = storedUpTo >= catchUpTo || imageHasAll;
        if (phase != SyncPhase.CATCHING_UP || !hasAll || exposure.isDeciding()) {
            return;
        }
        phase = SyncPhase.RECORDING;
        PeerLink link = replica.link();
        replica.save(
                state -> state.role() == Role.SOURCE ? state.as(Role.SOURCE, Sync.IN_SYNC) : state,
                () -> {
                    if (phase == SyncPhase.RECORDING && link != null) {
                        replica.send(
                                new VolumeMessage.InSync(
                                        volume.epoch(), new Position(volume.epoch(), catchUpTo)));
                    }
                });
    }

    void recorded(Epoch epoch) {
        if (phase == SyncPhase.RECORDING && epoch.equals(volume.epoch())) {
            phase = SyncPhase.LIVE;
            equality.resolved();
            exposure.inSync();
            replica.tell(
                    "in sync with the mirror, epoch %s; %d blocks were sent"
                            .formatted(epoch, meter.blocks()));
            meter.end();
            replica.activeChanged();
        }
    }

    /// The volume has stopped, or the link is lost: nothing is sent and nothing compared any more.
    void over(String why) {
        meter.end();
        feed.stopImage();
        equality.broken(why);
    }

    void linkLost(String why) {
        common.mirrorCanGoBackTo(List.of());
        over(why);
        SyncPhase was = phase;
        phase = SyncPhase.APART;
        volume.mirrorLost(why);
        boolean mayServeAlone = was != SyncPhase.LIVE && was != SyncPhase.RECORDING;
        if (mayServeAlone && replica.copy().state().sync() != Sync.IN_SYNC && isActive()) {
            volume.detach();
        } else if (!mayServeAlone) {
            exposure.mirrorLost();
        }
        feed.lost();
    }

    private boolean isActive() {
        return volume.service() == ActiveVolume.Service.SERVING
                || volume.service() == ActiveVolume.Service.SUSPENDED;
    }
}
