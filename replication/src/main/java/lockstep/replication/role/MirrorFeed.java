package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.replication.link.PeerLink;
import lockstep.replication.source.ImageSender;
import lockstep.replication.source.MirrorSender;

import org.jspecify.annotations.Nullable;

/// What goes to the mirror over the link that there is: log entries and consistency points through
/// one [MirrorSender], and through it, one at a time, images by difference. What the mirror has
/// asked for, room in its log and whole blocks, holds for the next link too.
final class MirrorFeed {
    /// What is refused as often, one after the other, will be again: whole blocks were tried.
    private static final int REFUSALS_MAX = 2;

    private final Replica replica;
    private final ActiveVolume volume;
    private final ResyncMeter meter;
    private @Nullable MirrorSender sender;
    private @Nullable ImageSender image;
    private @Nullable String refusedFor;
    private int refusals;
    private long logQuota = Long.MAX_VALUE;

    MirrorFeed(Replica replica, ActiveVolume volume, ResyncMeter meter) {
        this.replica = replica;
        this.volume = volume;
        this.meter = meter;
    }

    /// The sender of this link or, while there is none, of the last.
    @Nullable MirrorSender sender() {
        return sender;
    }

    /// Whether `asked` is the sender still.
    boolean isSender(@Nullable MirrorSender asked) {
        return asked != null && asked.equals(sender);
    }

    /// Everything goes over `link` from here on. `announced`: the mirror knows where the log goes
    /// on.
    MirrorSender open(Epoch epoch, PeerLink link, boolean announced) {
        MirrorSender next =
                new MirrorSender(
                        volume.copy().id(),
                        epoch,
                        volume.loop(),
                        link,
                        announced,
                        volume.mirrorLogUse()::together);
        next.logQuota(logQuota);
        if (refusedFor != null) {
            // It may be a change that it could not follow.
            next.sendWholeBlocks();
        }
        sender = next;
        return next;
    }

    /// Sends what the committed image, which is pinned, has beyond `since`.
    void sendImage(CpId since) {
        MirrorSender to = sender;
        if (to == null) {
            return;
        }
        ImageSender next =
                new ImageSender(
                        volume.walk(since),
                        to,
                        volume.loop(),
                        replica.resyncPace(),
                        why -> {
                            replica.tell("resync stopped: " + why);
                            meter.trouble(why);
                        });
        image = next;
        meter.sends(next);
        next.start();
    }

    /// The image that is being sent, or was and is not committed at the mirror; null if there is
    /// none.
    @Nullable ImageSender image() {
        return image;
    }

    /// The mirror has it.
    void imageTaken() {
        image = null;
    }

    /// The mirror has committed a consistency point.
    void committed() {
        refusedFor = null;
        refusals = 0;
    }

    /// The mirror has not taken a consistency point, for this reason: on the next link blocks go
    /// whole until it takes one.
    void refused(String reason) {
        refusedFor = reason;
        refusals++;
    }

    /// Whether everything has to be sent, because the mirror takes no difference.
    boolean takesNoDifference() {
        return refusals >= REFUSALS_MAX;
    }

    /// Why it has not taken one, if it has taken none since; null otherwise.
    @Nullable String refusedFor() {
        return refusedFor;
    }

    /// What the mirror keeps of its log for this volume.
    void logQuota(long bytes) {
        logQuota = bytes;
        if (sender != null) {
            sender.logQuota(bytes);
        }
    }

    long backlogBytes() {
        return sender == null ? 0 : sender.backlogBytes();
    }

    void progress(CpId cp, long blocks) {
        if (sender != null) {
            sender.progress(cp, blocks);
        }
    }

    void writable() {
        if (sender != null) {
            sender.writable();
        }
    }

    /// The image that is being sent is of no use any more.
    void stopImage() {
        if (image != null) {
            image.stop();
            image = null;
        }
    }

    /// The link is over.
    void lost() {
        if (sender != null) {
            sender.lost();
        }
    }
}
