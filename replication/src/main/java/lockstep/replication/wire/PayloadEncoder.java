package lockstep.replication.wire;

import static lockstep.replication.wire.PayloadDecoder.REASON_BYTES;
import static lockstep.replication.wire.PayloadDecoder.SNAPSHOT_NAME_BYTES;
import static lockstep.replication.wire.PayloadDecoder.VOLUME_NAME_BYTES;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.SetHash;
import lockstep.replication.wire.LinkMessage.Goodbye;
import lockstep.replication.wire.LinkMessage.Heartbeat;
import lockstep.replication.wire.LinkMessage.HeartbeatReply;
import lockstep.replication.wire.LinkMessage.Hello;
import lockstep.replication.wire.LinkMessage.HelloAck;
import lockstep.replication.wire.LinkMessage.Refused;
import lockstep.replication.wire.VolumeMessage.BlockHeld;
import lockstep.replication.wire.VolumeMessage.BlockWanted;
import lockstep.replication.wire.VolumeMessage.CopyStatus;
import lockstep.replication.wire.VolumeMessage.CpBegin;
import lockstep.replication.wire.VolumeMessage.CpChanges;
import lockstep.replication.wire.VolumeMessage.CpCommit;
import lockstep.replication.wire.VolumeMessage.CpCommitted;
import lockstep.replication.wire.VolumeMessage.CpData;
import lockstep.replication.wire.VolumeMessage.CpDigest;
import lockstep.replication.wire.VolumeMessage.CpProgress;
import lockstep.replication.wire.VolumeMessage.CpReferences;
import lockstep.replication.wire.VolumeMessage.CpRefused;
import lockstep.replication.wire.VolumeMessage.Detached;
import lockstep.replication.wire.VolumeMessage.Entries;
import lockstep.replication.wire.VolumeMessage.EntriesStored;
import lockstep.replication.wire.VolumeMessage.EpochBegan;
import lockstep.replication.wire.VolumeMessage.EpochPromised;
import lockstep.replication.wire.VolumeMessage.Fault;
import lockstep.replication.wire.VolumeMessage.Fenced;
import lockstep.replication.wire.VolumeMessage.GoLive;
import lockstep.replication.wire.VolumeMessage.HandedOver;
import lockstep.replication.wire.VolumeMessage.ImageVerified;
import lockstep.replication.wire.VolumeMessage.ImageWanted;
import lockstep.replication.wire.VolumeMessage.InSync;
import lockstep.replication.wire.VolumeMessage.InSyncRecorded;
import lockstep.replication.wire.VolumeMessage.LogQuota;
import lockstep.replication.wire.VolumeMessage.OlderImages;
import lockstep.replication.wire.VolumeMessage.OpenEpoch;
import lockstep.replication.wire.VolumeMessage.ResyncBegin;
import lockstep.replication.wire.VolumeMessage.ResyncReady;
import lockstep.replication.wire.VolumeMessage.SnapshotTaken;
import lockstep.replication.wire.VolumeMessage.SnapshotWanted;
import lockstep.replication.wire.VolumeMessage.SnapshotsShown;
import lockstep.replication.wire.VolumeMessage.StepDown;
import lockstep.replication.wire.VolumeMessage.VerifyImage;
import lockstep.replication.wire.VolumeMessage.VolumeUnknown;

/// The fields of each message, in order. [PayloadDecoder] is its mirror image.
final class PayloadEncoder {
    /// "LOCKSTEP": the first eight bytes of a Hello, so that a stray client is told apart at once.
    static final long MAGIC = 0x4c4f434b53544550L;

    private PayloadEncoder() {}

    static MessageType typeOf(Message message) {
        return switch (message) {
            case Hello _ -> MessageType.HELLO;
            case HelloAck _ -> MessageType.HELLO_ACK;
            case Refused _ -> MessageType.REFUSED;
            case Heartbeat _ -> MessageType.HEARTBEAT;
            case HeartbeatReply _ -> MessageType.HEARTBEAT_REPLY;
            case Goodbye _ -> MessageType.GOODBYE;
            case CopyStatus _ -> MessageType.COPY_STATUS;
            case OpenEpoch _ -> MessageType.OPEN_EPOCH;
            case EpochPromised _ -> MessageType.EPOCH_PROMISED;
            case Fenced _ -> MessageType.FENCED;
            case Entries _ -> MessageType.ENTRIES;
            case EntriesStored _ -> MessageType.ENTRIES_STORED;
            case LogQuota _ -> MessageType.LOG_QUOTA;
            case CpBegin _ -> MessageType.CP_BEGIN;
            case CpData _ -> MessageType.CP_DATA;
            case CpReferences _ -> MessageType.CP_REFERENCES;
            case CpCommit _ -> MessageType.CP_COMMIT;
            case CpCommitted _ -> MessageType.CP_COMMITTED;
            case CpProgress _ -> MessageType.CP_PROGRESS;
            case CpRefused _ -> MessageType.CP_REFUSED;
            case ResyncBegin _ -> MessageType.RESYNC_BEGIN;
            case ResyncReady _ -> MessageType.RESYNC_READY;
            case GoLive _ -> MessageType.GO_LIVE;
            case InSync _ -> MessageType.IN_SYNC;
            case InSyncRecorded _ -> MessageType.IN_SYNC_RECORDED;
            case Detached _ -> MessageType.DETACHED;
            case VerifyImage _ -> MessageType.VERIFY_IMAGE;
            case ImageVerified _ -> MessageType.IMAGE_VERIFIED;
            case ImageWanted _ -> MessageType.IMAGE_WANTED;
            case CpDigest _ -> MessageType.CP_DIGEST;
            case BlockWanted _ -> MessageType.BLOCK_WANTED;
            case BlockHeld _ -> MessageType.BLOCK_HELD;
            case HandedOver _ -> MessageType.HANDED_OVER;
            case StepDown _ -> MessageType.STEP_DOWN;
            case VolumeUnknown _ -> MessageType.VOLUME_UNKNOWN;
            case Fault _ -> MessageType.FAULT;
            case OlderImages _ -> MessageType.OLDER_IMAGES;
            case EpochBegan _ -> MessageType.EPOCH_BEGAN;
            case CpChanges _ -> MessageType.CP_CHANGES;
            case SnapshotWanted _ -> MessageType.SNAPSHOT_WANTED;
            case SnapshotTaken _ -> MessageType.SNAPSHOT_TAKEN;
            case SnapshotsShown _ -> MessageType.SNAPSHOTS_SHOWN;
        };
    }

    static void encode(Message message, WireWriter out) {
        switch (message) {
            case LinkMessage link -> encodeLink(link, out);
            case VolumeMessage volume -> encodeVolume(volume, out);
        }
    }

    private static void encodeLink(LinkMessage message, WireWriter out) {
        switch (message) {
            case Hello m -> {
                out.i64(MAGIC).u16(m.oldestVersion()).u16(m.newestVersion());
                node(m.node(), out).i64(m.incarnation());
            }
            case HelloAck m -> {
                out.i64(MAGIC).u16(m.version());
                node(m.node(), out).i64(m.incarnation());
            }
            case Refused m -> out.u8(m.reason().code()).text(m.text(), REASON_BYTES);
            case Heartbeat m -> out.i64(m.sentNanos());
            case HeartbeatReply m -> out.i64(m.echoedNanos()).u32(m.leaseMillis());
            case Goodbye m -> out.text(m.reason(), REASON_BYTES);
        }
    }

    private static WireWriter node(NodeIdentity node, WireWriter out) {
        return out.i64(node.id()).uuid(node.uuid()).text(node.name(), NodeIdentity.NAME_BYTES);
    }

    private static void encodeVolume(VolumeMessage message, WireWriter out) {
        switch (message) {
            case CopyStatus m -> copyStatus(m, out);
            case OpenEpoch m -> out.epoch(m.epoch()).position(m.continuesFrom());
            case EpochPromised m -> out.epoch(m.epoch()).position(m.logEnd()).cp(m.image());
            case Fenced m -> out.epoch(m.promised());
            case Entries m -> entries(m, out);
            case EntriesStored m -> out.epoch(m.epoch()).i64(m.upToSequence());
            case LogQuota m -> out.i64(m.bytes());
            case CpBegin m -> out.cp(m.cp()).i64(m.upToSequence());
            case CpData m -> cpData(m, out);
            case CpReferences m -> cpReferences(m, out);
            case CpCommit m -> cpCommit(m, out);
            case CpCommitted m -> out.cp(m.cp());
            case CpProgress m -> out.cp(m.cp()).i64(m.blocks());
            case CpRefused m -> out.cp(m.cp()).text(m.reason(), REASON_BYTES);
            case ResyncBegin m -> out.epoch(m.epoch()).cp(m.since()).i64(m.blocks());
            case ResyncReady m -> out.cp(m.image());
            case GoLive m -> out.epoch(m.epoch()).cp(m.cp()).i64(m.half()).i64(m.fromSequence());
            case InSync m -> out.epoch(m.epoch()).position(m.position());
            case InSyncRecorded m -> out.epoch(m.epoch());
            case Detached m -> out.epoch(m.epoch());
            case VerifyImage m -> out.cp(m.image()).i64(m.first()).i64(m.count());
            case ImageVerified m -> imageVerified(m, out);
            case CpDigest m -> setHash(m.blocks(), out.cp(m.cp()));
            case BlockWanted m -> {
                out.i64(m.request()).i64(m.vbn()).i32(m.crc());
                out.u32(m.birthEpoch()).i64(m.birthCount());
            }
            case BlockHeld m -> out.i64(m.request()).bytes(m.content());
            case HandedOver m -> out.epoch(m.epoch()).position(m.end()).cp(m.image());
            case StepDown m -> out.epoch(m.epoch());
            case VolumeUnknown _, ImageWanted _ -> {}
            case Fault m -> out.text(m.what(), REASON_BYTES);
            case OlderImages m -> {
                out.u16(m.images().size());
                m.images().forEach(out::cp);
            }
            case EpochBegan m -> out.epoch(m.epoch()).position(m.from());
            case CpChanges m -> cpChanges(m, out);
            case SnapshotWanted m -> out.uuid(m.group()).text(m.name(), SNAPSHOT_NAME_BYTES);
            case SnapshotTaken m -> out.uuid(m.group()).text(m.refusal(), REASON_BYTES);
            case SnapshotsShown m -> {
                out.u16(m.snapshots().size());
                m.snapshots().forEach(out::uuid);
            }
        }
    }

    private static void copyStatus(CopyStatus m, WireWriter out) {
        out.u8(m.role().code()).u8(m.state().code()).epoch(m.epoch()).epoch(m.promised());
        out.cp(m.image()).position(m.logEnd()).i64(m.vbnCount());
        out.text(m.volumeName(), VOLUME_NAME_BYTES);
    }

    private static void imageVerified(ImageVerified m, WireWriter out) {
        out.cp(m.image()).i64(m.first()).i64(m.lost()).u16(m.ranges().size());
        m.ranges().forEach(range -> setHash(range, out));
    }

    private static void setHash(SetHash.Value hash, WireWriter out) {
        out.i64(hash.count()).i64(hash.high()).i64(hash.low());
    }

    private static void entries(Entries m, WireWriter out) {
        Check.that(
                m.count() > 0 && m.count() <= MessageCodec.MAX_ENTRIES && !m.pieces().isEmpty(),
                "a frame of entries has entries");
        out.epoch(m.epoch()).i64(m.half()).u16(m.count());
        m.pieces().forEach(out::bytes);
    }

    private static void cpData(CpData m, WireWriter out) {
        out.cp(m.cp()).u16(m.runs().size());
        for (BlockRun run : m.runs()) {
            out.i64(run.vbn()).u32(run.blocks());
        }
        for (BlockRun run : m.runs()) {
            out.bytes(run.contents());
        }
    }

    private static void cpReferences(CpReferences m, WireWriter out) {
        out.cp(m.cp()).u16(m.runs().size());
        for (ReferenceRun run : m.runs()) {
            out.i64(run.vbn()).u32(run.blocks()).i64(run.sequence()).u32(run.offset());
        }
    }

    private static void cpChanges(CpChanges m, WireWriter out) {
        out.cp(m.cp()).u16(m.changes().size());
        for (BlockChange change : m.changes()) {
            out.i64(change.vbn()).i32(change.crc()).i64(change.baseVbn()).i32(change.baseCrc());
            out.u16(change.patch().remaining()).bytes(change.patch());
        }
    }

    private static void cpCommit(CpCommit m, WireWriter out) {
        Check.that(
                m.root().remaining() <= MessageCodec.MAX_ROOT_BYTES,
                "a root record has at most 16 KiB");
        out.cp(m.cp()).u16(m.root().remaining()).bytes(m.root());
    }
}
