package lockstep.replication.wire;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.SetHash;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/// What two nodes say about one volume. "S→D" is from the source to the destination.
public sealed interface VolumeMessage extends Message {
    /// Both ways, when the link comes up and on each change: what this side's copy is. `epoch` is
    /// the active one or the last; `promised` the highest it has promised; `image` the consistency
    /// point on its disks; `logEnd` the last durable entry of its log; `vbnCount` how many VBNs its
    /// disks hold, which the volume may become as large as.
    record CopyStatus(
            ClaimedRole role,
            CopyState state,
            Epoch epoch,
            Epoch promised,
            CpId image,
            Position logEnd,
            long vbnCount,
            String volumeName)
            implements VolumeMessage {}

    /// D→S, before its CopyStatus: beside the image that it names, the destination can go back to
    /// each of `images`, newest first, and be brought up from there. Since version 2.
    record OlderImages(List<CpId> images) implements VolumeMessage {
        public OlderImages {
            images = List.copyOf(images);
        }
    }

    /// S→D, before ResyncBegin: `epoch`, which is open, went on from `from`. What the destination
    /// has behind it of the epoch of `from` was never the source's. Since version 2.
    record EpochBegan(Epoch epoch, Position from) implements VolumeMessage {}

    /// S→D: let me open `epoch`; it continues from `continuesFrom`.
    record OpenEpoch(Epoch epoch, Position continuesFrom) implements VolumeMessage {}

    /// D→S: `epoch` is promised durably: nothing older is acknowledged from here on.
    record EpochPromised(Epoch epoch, Position logEnd, CpId image) implements VolumeMessage {}

    /// Either way: what you sent belongs to an epoch that is over; step down. `promised` is the
    /// highest promised here.
    record Fenced(Epoch promised) implements VolumeMessage {}

    /// S→D: `count` log entries of half `half`, encoded one after the other, in order, in pieces
    /// that each hold whole entries; what was received is one piece.
    record Entries(Epoch epoch, long half, int count, List<ByteBuffer> pieces)
            implements VolumeMessage {
        public Entries {
            pieces = List.copyOf(pieces);
        }
    }

    /// D→S: every entry of `epoch` up to `upToSequence` is durable here.
    record EntriesStored(Epoch epoch, long upToSequence) implements VolumeMessage {}

    /// D→S, since V2: what the entries of this volume may take of the destination's log, as
    /// [lockstep.blockstore.volume.MirrorLogUse] counts them. It comes before the first
    /// [CopyStatus] of a link, and again when it changes.
    record LogQuota(long bytes) implements VolumeMessage {}

    /// S→D: updates of `cp` follow, which holds everything up to `upToSequence` of the log.
    record CpBegin(CpId cp, long upToSequence) implements VolumeMessage {}

    /// S→D: blocks of `cp` by content.
    record CpData(CpId cp, List<BlockRun> runs) implements VolumeMessage {
        public CpData {
            runs = List.copyOf(runs);
        }
    }

    /// S→D: blocks of `cp` by reference to entries that were sent.
    record CpReferences(CpId cp, List<ReferenceRun> runs) implements VolumeMessage {
        public CpReferences {
            runs = List.copyOf(runs);
        }
    }

    /// S→D: blocks of `cp` as changes of blocks that the destination's image has. Since version 2.
    record CpChanges(CpId cp, List<BlockChange> changes) implements VolumeMessage {
        public CpChanges {
            changes = List.copyOf(changes);
        }
    }

    /// S→D: all of `cp` is sent and it is durable on the source; `root` is the volume's root
    /// record. Also ends a resync.
    record CpCommit(CpId cp, ByteBuffer root) implements VolumeMessage {}

    /// S→D: what the blocks of `cp` come to by the source's own checksums. All of them were sent.
    record CpDigest(CpId cp, SetHash.Value blocks) implements VolumeMessage {}

    /// D→S: `cp` is durable here.
    record CpCommitted(CpId cp) implements VolumeMessage {}

    /// D→S: `blocks` blocks of `cp`, counted from its begin, are on the disks; so much more may
    /// come.
    record CpProgress(CpId cp, long blocks) implements VolumeMessage {}

    /// D→S: `cp` cannot be taken here; the image stays what it was.
    record CpRefused(CpId cp, String reason) implements VolumeMessage {}

    /// S→D: what was born after `since` follows ([CpId#NONE]: everything), about `blocks` blocks.
    record ResyncBegin(Epoch epoch, CpId since, long blocks) implements VolumeMessage {}

    /// D→S: that this copy is out of sync (or has no image) is durable; send. `image` is what it
    /// holds: what was named, or nothing if it could not go back there.
    record ResyncReady(CpId image) implements VolumeMessage {}

    /// S→D: `cp` is committed on both sides; entries of half `half`, from `fromSequence` on, follow
    /// live.
    record GoLive(Epoch epoch, CpId cp, long half, long fromSequence) implements VolumeMessage {}

    /// S→D: you hold everything up to `position`; record that you are in sync.
    record InSync(Epoch epoch, Position position) implements VolumeMessage {}

    /// D→S: in sync is durable here: writes are acknowledged on both legs from here on.
    record InSyncRecorded(Epoch epoch) implements VolumeMessage {}

    /// S→D: the source goes on alone; this copy is out of sync.
    record Detached(Epoch epoch) implements VolumeMessage {}

    /// S→D: this copy was active and is your mirror now, durably: `epoch` is promised to you, and
    /// `image`, which you hold too, has everything up to `end`. Go on from there.
    record HandedOver(Epoch epoch, Position end, CpId image) implements VolumeMessage {}

    /// S→D: read all of `image`, which you have just committed or still read, and add up what you
    /// find in `count` block numbers from `first` on.
    record VerifyImage(CpId image, long first, long count) implements VolumeMessage {}

    /// D→S: what it comes to, by ranges in order; none if there is no such image here any more.
    /// `lost`: this block is not what the pointer to it says (-1: none).
    record ImageVerified(CpId image, long first, long lost, List<SetHash.Value> ranges)
            implements VolumeMessage {
        public ImageVerified {
            ranges = List.copyOf(ranges);
        }
    }

    /// D→S: make a consistency point even if hosts are idle: this copy has work that only one can
    /// do.
    record ImageWanted() implements VolumeMessage {}

    /// D→S: take a snapshot of all LUNs that take writes, as a group of this identity. Since
    /// version 4.
    record SnapshotWanted(UUID group, String name) implements VolumeMessage {}

    /// S→D: it is taken, and the entry that says so is durable on both sides; or, if `refusal` is
    /// not empty, why it is not. Since version 4.
    record SnapshotTaken(UUID group, String refusal) implements VolumeMessage {}

    /// D→S, on each link and on each change: the snapshots that the destination shows to hosts, all
    /// of them. They are not to be deleted. Since version 4.
    record SnapshotsShown(List<UUID> snapshots) implements VolumeMessage {
        public SnapshotsShown {
            snapshots = List.copyOf(snapshots);
        }
    }

    /// Either way: the sender has lost the block at `vbn`, whose content has checksum `crc` and was
    /// written by consistency point (`birthEpoch`, `birthCount`). Has this copy got it? `request`
    /// comes back in [BlockHeld]. Since version 4.
    record BlockWanted(long request, long vbn, int crc, int birthEpoch, long birthCount)
            implements VolumeMessage {}

    /// Either way: the answer to the [BlockWanted] of that number: 4096 bytes, or none if they
    /// cannot be had here now. Since version 4.
    record BlockHeld(long request, ByteBuffer content) implements VolumeMessage {}

    /// Either way: give `epoch` up; the sender takes over or wants to.
    record StepDown(Epoch epoch) implements VolumeMessage {}

    /// Either way: there is no such volume here.
    record VolumeUnknown() implements VolumeMessage {}

    /// Either way: this volume cannot go on here, and why. The link stays.
    record Fault(String what) implements VolumeMessage {}
}
