package lockstep.replication.wire;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.block.BlockPatch;
import lockstep.blockstore.cp.Snapshot;
import lockstep.replication.wire.LinkMessage.Goodbye;
import lockstep.replication.wire.LinkMessage.Heartbeat;
import lockstep.replication.wire.LinkMessage.HeartbeatReply;
import lockstep.replication.wire.LinkMessage.Hello;
import lockstep.replication.wire.LinkMessage.HelloAck;
import lockstep.replication.wire.LinkMessage.Refusal;
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

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// The fields of each message, in order: the mirror image of [PayloadEncoder], with every bound
/// checked before it is used. Whether a block number lies in the volume only the volume knows; here
/// it is known to be a block number.
final class PayloadDecoder {
    /// Bytes of a reason for people, at most.
    static final int REASON_BYTES = 400;

    /// Bytes of a volume's name, at most.
    static final int VOLUME_NAME_BYTES = 255;

    /// A snapshot's name in UTF-8, at most.
    static final int SNAPSHOT_NAME_BYTES = 512;

    /// Milliseconds of a lease, at most: more is a mistake, not a lease.
    static final int MAX_LEASE_MILLIS = 3_600_000;

    private static final int RUN_HEADER_BYTES = 12;
    private static final int REFERENCE_BYTES = 24;
    private static final int SET_HASH_BYTES = 24;
    private static final int CHANGE_HEADER_BYTES = 26;
    private static final int CP_BYTES = 20;
    private static final int UUID_BYTES = 16;

    private PayloadDecoder() {}

    static Message decode(MessageType type, WireReader in) {
        return switch (type) {
            case HELLO -> hello(in);
            case HELLO_ACK -> helloAck(in);
            case REFUSED -> new Refused(refusal(in.u8()), in.text(REASON_BYTES));
            case HEARTBEAT -> new Heartbeat(in.i64());
            case HEARTBEAT_REPLY -> new HeartbeatReply(in.i64(), leaseMillis(in.u32()));
            case GOODBYE -> new Goodbye(in.text(REASON_BYTES));
            case COPY_STATUS -> copyStatus(in);
            case OPEN_EPOCH -> new OpenEpoch(in.epoch(), in.position());
            case EPOCH_PROMISED -> new EpochPromised(in.epoch(), in.position(), in.cp());
            case FENCED -> new Fenced(in.epoch());
            case STEP_DOWN -> new StepDown(in.epoch());
            case VOLUME_UNKNOWN -> new VolumeUnknown();
            case FAULT -> new Fault(in.text(REASON_BYTES));
            case ENTRIES -> entries(in);
            case ENTRIES_STORED -> new EntriesStored(in.epoch(), in.u63());
            case LOG_QUOTA -> new LogQuota(in.u63());
            case CP_BEGIN -> new CpBegin(in.cp(), in.u63());
            case CP_DATA -> cpData(in);
            case CP_REFERENCES -> cpReferences(in);
            case CP_COMMIT -> cpCommit(in);
            case CP_COMMITTED -> new CpCommitted(in.cp());
            case CP_PROGRESS -> new CpProgress(in.cp(), in.u63());
            case CP_REFUSED -> new CpRefused(in.cp(), in.text(REASON_BYTES));
            case RESYNC_BEGIN -> new ResyncBegin(in.epoch(), in.cp(), in.u63());
            case RESYNC_READY -> new ResyncReady(in.cp());
            case GO_LIVE -> new GoLive(in.epoch(), in.cp(), in.u63(), in.u63());
            case IN_SYNC -> new InSync(in.epoch(), in.position());
            case IN_SYNC_RECORDED -> new InSyncRecorded(in.epoch());
            case DETACHED -> new Detached(in.epoch());
            case VERIFY_IMAGE -> new VerifyImage(in.cp(), vbnCount(in.u63()), in.u63());
            case IMAGE_VERIFIED -> imageVerified(in);
            case IMAGE_WANTED -> new ImageWanted();
            case BLOCK_WANTED -> blockWanted(in);
            case BLOCK_HELD -> blockHeld(in);
            case CP_DIGEST -> new CpDigest(in.cp(), setHash(in));
            case HANDED_OVER -> new HandedOver(in.epoch(), in.position(), in.cp());
            case OLDER_IMAGES -> olderImages(in);
            case EPOCH_BEGAN -> new EpochBegan(in.epoch(), in.position());
            case CP_CHANGES -> cpChanges(in);
            case SNAPSHOT_WANTED -> new SnapshotWanted(in.uuid(), in.text(SNAPSHOT_NAME_BYTES));
            case SNAPSHOT_TAKEN -> new SnapshotTaken(in.uuid(), in.text(REASON_BYTES));
            case SNAPSHOTS_SHOWN -> snapshotsShown(in);
        };
    }

    private static Hello hello(WireReader in) {
        magic(in);
        int oldest = in.u16();
        int newest = in.u16();
        if (oldest > newest) {
            throw new ProtocolViolation("versions " + oldest + " to " + newest);
        }
        return new Hello(oldest, newest, node(in), in.u63());
    }

    private static HelloAck helloAck(WireReader in) {
        magic(in);
        return new HelloAck(in.u16(), node(in), in.u63());
    }

    private static void magic(WireReader in) {
        if (in.i64() != PayloadEncoder.MAGIC) {
            throw new ProtocolViolation("not a Lockstep node");
        }
    }

    private static NodeIdentity node(WireReader in) {
        return new NodeIdentity(in.i64(), in.uuid(), in.text(NodeIdentity.NAME_BYTES));
    }

    private static Refusal refusal(int code) {
        for (Refusal refusal : Refusal.values()) {
            if (refusal.code() == code) {
                return refusal;
            }
        }
        throw new ProtocolViolation("unknown refusal " + code);
    }

    private static int leaseMillis(int millis) {
        if (millis > MAX_LEASE_MILLIS) {
            throw new ProtocolViolation("a lease of " + millis + " ms");
        }
        return millis;
    }

    private static CopyStatus copyStatus(WireReader in) {
        return new CopyStatus(
                role(in.u8()),
                state(in.u8()),
                in.epoch(),
                in.epoch(),
                in.cp(),
                in.position(),
                vbnCount(in.u63()),
                in.text(VOLUME_NAME_BYTES));
    }

    private static ClaimedRole role(int code) {
        for (ClaimedRole role : ClaimedRole.values()) {
            if (role.code() == code) {
                return role;
            }
        }
        throw new ProtocolViolation("unknown role " + code);
    }

    private static CopyState state(int code) {
        for (CopyState state : CopyState.values()) {
            if (state.code() == code) {
                return state;
            }
        }
        throw new ProtocolViolation("unknown state of a copy " + code);
    }

    private static long vbnCount(long count) {
        if (count > WireReader.VBN_LIMIT) {
            throw new ProtocolViolation("a volume of " + count + " blocks");
        }
        return count;
    }

    private static Entries entries(WireReader in) {
        Epoch epoch = in.epoch();
        long half = in.u63();
        int count = in.u16();
        if (count == 0 || in.remaining() < count) {
            throw new ProtocolViolation(count + " entries in " + in.remaining() + " bytes");
        }
        return new Entries(epoch, half, count, List.of(in.rest()));
    }

    private static CpData cpData(WireReader in) {
        CpId cp = in.cp();
        int count = in.u16();
        if (count == 0 || in.remaining() < (long) count * (RUN_HEADER_BYTES + Blocks.SIZE)) {
            throw new ProtocolViolation(count + " runs in " + in.remaining() + " bytes");
        }
        // The table stands before the contents, so that those are one aligned range.
        WireReader table = new WireReader(in.bytes(count * RUN_HEADER_BYTES));
        List<BlockRun> runs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long vbn = table.i64();
            int blocks = table.u32();
            WireReader.vbnOfRun(vbn, blocks);
            if (Blocks.toBytes(blocks) > in.remaining()) {
                throw new ProtocolViolation("a run of " + blocks + " blocks without contents");
            }
            ByteBuffer contents = in.bytes((int) Blocks.toBytes(blocks));
            runs.add(new BlockRun(vbn, contents));
        }
        return new CpData(cp, runs);
    }

    private static CpReferences cpReferences(WireReader in) {
        CpId cp = in.cp();
        int count = in.u16();
        if (count == 0 || in.remaining() != count * REFERENCE_BYTES) {
            throw new ProtocolViolation(count + " references in " + in.remaining() + " bytes");
        }
        List<ReferenceRun> runs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long vbn = in.i64();
            int blocks = in.u32();
            WireReader.vbnOfRun(vbn, blocks);
            runs.add(new ReferenceRun(vbn, blocks, in.u63(), referenceOffset(in.u32(), blocks)));
        }
        return new CpReferences(cp, runs);
    }

    private static OlderImages olderImages(WireReader in) {
        int count = in.u16();
        if (in.remaining() != count * CP_BYTES) {
            throw new ProtocolViolation(count + " images in " + in.remaining() + " bytes");
        }
        List<CpId> images = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            images.add(in.cp());
        }
        return new OlderImages(images);
    }

    private static SnapshotsShown snapshotsShown(WireReader in) {
        int count = in.u16();
        if (count > Snapshot.MAX || in.remaining() != count * UUID_BYTES) {
            throw new ProtocolViolation(count + " snapshots in " + in.remaining() + " bytes");
        }
        List<UUID> snapshots = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            snapshots.add(in.uuid());
        }
        return new SnapshotsShown(snapshots);
    }

    private static CpChanges cpChanges(WireReader in) {
        CpId cp = in.cp();
        int count = in.u16();
        if (count == 0 || in.remaining() < count * CHANGE_HEADER_BYTES) {
            throw new ProtocolViolation(count + " changes in " + in.remaining() + " bytes");
        }
        List<BlockChange> changes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long vbn = WireReader.vbnOfRun(in.i64(), 1);
            int crc = in.i32();
            long base = WireReader.vbnOfRun(in.i64(), 1);
            int baseCrc = in.i32();
            int length = in.u16();
            if (length > BlockPatch.MAX_BYTES) {
                throw new ProtocolViolation("a patch of " + length + " bytes");
            }
            changes.add(new BlockChange(vbn, crc, base, baseCrc, in.bytes(length)));
        }
        return new CpChanges(cp, changes);
    }

    private static int referenceOffset(int offset, int blocks) {
        if (offset + Blocks.toBytes(blocks) > MessageCodec.MAX_PAYLOAD_BYTES) {
            throw new ProtocolViolation(blocks + " blocks at byte " + offset + " of an entry");
        }
        return offset;
    }

    private static ImageVerified imageVerified(WireReader in) {
        CpId image = in.cp();
        long first = in.u63();
        long lost = in.i64();
        int count = in.u16();
        if (in.remaining() != count * SET_HASH_BYTES) {
            throw new ProtocolViolation(count + " sums in " + in.remaining() + " bytes");
        }
        List<SetHash.Value> ranges = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ranges.add(setHash(in));
        }
        return new ImageVerified(image, first, lost, ranges);
    }

    private static BlockWanted blockWanted(WireReader in) {
        long request = in.u63();
        long vbn = WireReader.vbnOfRun(in.i64(), 1);
        return new BlockWanted(request, vbn, in.i32(), in.u32(), in.u63());
    }

    private static BlockHeld blockHeld(WireReader in) {
        long request = in.u63();
        if (in.remaining() != 0 && in.remaining() != Blocks.SIZE) {
            throw new ProtocolViolation("a block of " + in.remaining() + " bytes");
        }
        return new BlockHeld(request, in.rest());
    }

    private static SetHash.Value setHash(WireReader in) {
        return new SetHash.Value(in.u63(), in.i64(), in.i64());
    }

    private static CpCommit cpCommit(WireReader in) {
        CpId cp = in.cp();
        int length = in.u16();
        if (length > MessageCodec.MAX_ROOT_BYTES) {
            throw new ProtocolViolation("a root of " + length + " bytes");
        }
        return new CpCommit(cp, in.bytes(length));
    }
}
