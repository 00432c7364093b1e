package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.ProtocolViolation;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

/// Takes the source's consistency points into a mirror, and proves that they are equal (invariant
/// 4).
///
/// Each side adds up the blocks of a consistency point by the checksums that it computed itself:
/// the source when it wrote the block, this node from the content that it found, by itself, where
/// the source said that it stands. Before the commit both sums are compared. An image is the image
/// before with the blocks of one consistency point, so each equal sum proves the whole image equal,
/// if all blocks of it were sent. Of what a source has just written it knows that; what it has
/// found out by looking for a difference, in a first copy or a resync, this node proves by itself
/// to be all ([MirrorVolume#begin]).
///
/// A difference is an alarm: the image stays what it was, and that it lacks writes is durable
/// before the source hears of it, so no takeover comes by it without force. The link is made again,
/// and the difference to the last equal image is sent.
final class ImageIntake {
    /// The first image of a link may be a difference, and so may the one behind it, which the
    /// source had begun before it had the link.
    private static final int PROVEN_OF_A_LINK = 2;

    private final Replica replica;
    private final MirrorRecords records;
    private final MirrorFence fence;
    private final Runnable refused;
    private CpId equalAt = CpId.NONE;
    private CpId proven = CpId.NONE;
    private long differences;
    private boolean refusing;
    private boolean resyncs;
    private int toProve = PROVEN_OF_A_LINK;

    /// `refused` is called when a difference is recorded and the link is another one by then.
    ImageIntake(Replica replica, MirrorRecords records, MirrorFence fence, Runnable refused) {
        this.replica = replica;
        this.records = records;
        this.fence = fence;
        this.refused = refused;
    }

    /// The last image that was proven to be the source's.
    CpId equalAt() {
        return equalAt;
    }

    /// Consistency points that were not what the source had written.
    long differences() {
        return differences;
    }

    /// This copy has gone back to image `to`: it is proven only if it is that one.
    void fell(CpId to) {
        equalAt = to.equals(equalAt) ? equalAt : CpId.NONE;
    }

    /// Whether a difference is being recorded: nothing is taken and nothing told meanwhile.
    boolean isRefusing() {
        return refusing;
    }

    /// What the next link brings first may be differences.
    void linkLost() {
        resyncs = false;
        toProve = PROVEN_OF_A_LINK;
    }

    /// Differences come, until entries go live.
    void resync() {
        resyncs = true;
        toProve = PROVEN_OF_A_LINK;
    }

    /// Entries go live.
    void live() {
        resyncs = false;
    }

    void begin(MirrorVolume volume, VolumeMessage.CpBegin m) {
        if (fence.isLinkFenced()) {
            return;
        }
        if (volume.receiving() != null || m.cp().compareTo(volume.image()) <= 0) {
            throw new ProtocolViolation(m.cp() + " begins out of turn");
        }
        volume.begin(m.cp(), m.upToSequence(), toProve > 0);
        if (!resyncs && toProve > 0) {
            toProve--;
        }
    }

    void digest(MirrorVolume volume, VolumeMessage.CpDigest m) {
        if (fence.isLinkFenced()) {
            return;
        }
        if (!m.cp().equals(volume.receiving())) {
            throw new ProtocolViolation("the digest of " + m.cp() + " comes out of turn");
        }
        SetHash.Value here = volume.received();
        if (here.equals(m.blocks())) {
            proven = m.cp();
        } else {
            differs(volume, m.cp(), "here " + here + ", at the source " + m.blocks());
        }
    }

    private void differs(MirrorVolume volume, CpId cp, String how) {
        refusing = true;
        differences++;
        PeerLink on = replica.link();
        replica.tell("ALARM: " + cp + " is not what the source wrote: " + how);
        boolean hasImage = replica.copy().state().sync() != Sync.NO_IMAGE;
        Sync next = hasImage ? Sync.OUT_OF_SYNC : Sync.NO_IMAGE;
        volume.abandon(() -> volume.fallOutOfSync(next, () -> recorded(cp, on, how)));
    }

    private void recorded(CpId cp, @Nullable PeerLink on, String how) {
        refusing = false;
        PeerLink now = replica.link();
        if (now != null && now.equals(on)) {
            replica.send(new VolumeMessage.CpRefused(cp, "its blocks differ: " + how));
            now.close("a consistency point differs");
        } else {
            refused.run();
        }
    }

    /// A root without a proof is not committed.
    void commit(MirrorVolume volume, VolumeMessage.CpCommit m) {
        if (fence.isLinkFenced()) {
            return;
        }
        boolean begun =
                proven.equals(m.cp()) && volume.commit(m.cp(), m.root(), () -> committed(m.cp()));
        if (!begun) {
            throw new ProtocolViolation("the root of " + m.cp() + " makes no sense");
        }
    }

    private void committed(CpId cp) {
        equalAt = cp;
        records.committed(cp);
    }
}
