package lockstep.replication.wire;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.base.VolumeId;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// One message of every kind, with values that tell each field from its neighbours.
public final class WireSamples {
    public static final VolumeId VOLUME = new VolumeId(0x1112131415161718L, 0x2122232425262728L);
    public static final Epoch EPOCH = new Epoch(7, 0x0a0b0c0d0e0f1011L);
    public static final Epoch PROMISED = new Epoch(8, 0x31);
    public static final CpId CP = new CpId(EPOCH, 42);
    public static final Position POSITION = new Position(EPOCH, 0x123456789aL);
    public static final NodeIdentity NODE =
            new NodeIdentity(
                    0x0a0b0c0d0e0f1011L,
                    UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"),
                    "node-ä");

    private WireSamples() {}

    /// The volume id that `message` travels with.
    public static VolumeId volumeOf(Message message) {
        return message instanceof LinkMessage ? MessageCodec.LINK : VOLUME;
    }

    /// What `node` says to who speaks the newest version.
    public static LinkMessage.Hello hello(NodeIdentity node, long incarnation) {
        return new LinkMessage.Hello(1, ProtocolVersion.newest().number(), node, incarnation);
    }

    /// All of them.
    public static List<Message> all() {
        List<Message> all = new ArrayList<>();
        all.add(new LinkMessage.Hello(1, 3, NODE, 99));
        all.add(new LinkMessage.HelloAck(1, NODE, 100));
        all.add(new LinkMessage.Refused(LinkMessage.Refusal.UNKNOWN_NODE, "who are you"));
        all.add(new LinkMessage.Heartbeat(-5));
        all.add(new LinkMessage.HeartbeatReply(-5, 1500));
        all.add(new LinkMessage.Goodbye("shutting down"));
        all.add(
                new VolumeMessage.CopyStatus(
                        ClaimedRole.SOURCE,
                        CopyState.OUT_OF_SYNC,
                        EPOCH,
                        PROMISED,
                        CP,
                        POSITION,
                        1 << 20,
                        "vol0"));
        all.add(new VolumeMessage.OpenEpoch(PROMISED, POSITION));
        all.add(new VolumeMessage.EpochPromised(PROMISED, POSITION, CP));
        all.add(new VolumeMessage.Fenced(PROMISED));
        all.add(new VolumeMessage.StepDown(EPOCH));
        all.add(new VolumeMessage.VolumeUnknown());
        all.add(new VolumeMessage.Fault("log device is out"));
        all.add(new VolumeMessage.Entries(EPOCH, 43, 2, List.of(text("entryentry"))));
        all.add(new VolumeMessage.EntriesStored(EPOCH, 77));
        all.add(new VolumeMessage.LogQuota(64 << 20));
        all.add(new VolumeMessage.CpBegin(CP, 76));
        all.add(
                new VolumeMessage.CpData(
                        CP, List.of(new BlockRun(5, blocks(2)), new BlockRun(1000, blocks(1)))));
        all.add(
                new VolumeMessage.CpReferences(
                        CP,
                        List.of(
                                new ReferenceRun(8, 16, 70, 512),
                                new ReferenceRun(1L << 40, 1, 71, 0))));
        all.add(new VolumeMessage.CpCommit(CP, text("the root record")));
        all.add(new VolumeMessage.CpCommitted(CP));
        all.add(new VolumeMessage.CpProgress(CP, 4096));
        all.add(new VolumeMessage.CpRefused(CP, "no such entry"));
        all.add(new VolumeMessage.ResyncBegin(EPOCH, CpId.NONE, 12345));
        all.add(new VolumeMessage.ResyncReady(CP));
        all.add(new VolumeMessage.GoLive(EPOCH, CP, 43, 78));
        all.add(new VolumeMessage.InSync(EPOCH, POSITION));
        all.add(new VolumeMessage.InSyncRecorded(EPOCH));
        all.add(new VolumeMessage.Detached(EPOCH));
        all.add(new VolumeMessage.HandedOver(PROMISED, POSITION, CP));
        all.addAll(sinceVersion2());
        all.addAll(sinceVersion3());
        all.addAll(sinceVersion4());
        return all;
    }

    /// Those that version 1 did not have.
    static List<Message> sinceVersion2() {
        return List.of(
                new VolumeMessage.OlderImages(List.of(CP, CpId.NONE)),
                new VolumeMessage.EpochBegan(PROMISED, POSITION),
                new VolumeMessage.CpChanges(
                        CP,
                        List.of(
                                new BlockChange(8, 0xcafebabe, 7, -2, text("patch")),
                                new BlockChange(1L << 40, 1, 6, 2, text("")))));
    }

    /// Those that version 2 did not have.
    static List<Message> sinceVersion3() {
        return List.of(
                new VolumeMessage.CpDigest(CP, new SetHash.Value(5, -6, 7)),
                new VolumeMessage.VerifyImage(CP, 64, 4096),
                new VolumeMessage.ImageVerified(
                        CP,
                        64,
                        -1,
                        List.of(new SetHash.Value(1, 2, 3), new SetHash.Value(4, 5, -6))),
                new VolumeMessage.ImageWanted());
    }

    /// Those that version 3 did not have.
    static List<Message> sinceVersion4() {
        return List.of(
                new VolumeMessage.SnapshotWanted(new UUID(1, -2), "before the test"),
                new VolumeMessage.SnapshotTaken(new UUID(1, -2), ""),
                new VolumeMessage.SnapshotsShown(List.of(new UUID(3, 4), new UUID(-5, 6))),
                new VolumeMessage.BlockWanted(17, 1L << 40, 0xcafebabe, 7, 42),
                new VolumeMessage.BlockHeld(17, blocks(1)),
                new VolumeMessage.BlockHeld(18, text("")));
    }

    /// `count` blocks in which each byte says where it stands.
    public static ByteBuffer blocks(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count * Blocks.SIZE);
        for (int i = 0; i < bytes.capacity(); i++) {
            bytes.put(i, (byte) (i >> Blocks.SHIFT ^ i * 7));
        }
        return bytes;
    }

    public static ByteBuffer text(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
