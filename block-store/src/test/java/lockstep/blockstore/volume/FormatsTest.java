package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.cp.DeathList;
import lockstep.blockstore.cp.DeathSpace;
import lockstep.blockstore.cp.Drain;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Pin;
import lockstep.blockstore.cp.Pins;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;

/// Golden bytes of what a volume writes above the RAID layer. A change here is a change of format.
final class FormatsTest {
    private static final CpId CP = new CpId(new Epoch(3, 0x0102030405060708L), 9);
    private static final BlockPointer POINTER = BlockPointer.to(0x1234, 0xCAFEBABE, CP);
    private static final String POINTER_HEX =
            "0000000000001234" + "cafebabe" + "00000003" + "0000000000000009";
    private static final String EPOCH_HEX = "00000003" + "0102030405060708";

    private static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String hex(long value) {
        return HexFormat.of().toHexDigits(value);
    }

    @Test
    void aPointerHas24Bytes() {
        ByteBuffer block = ByteBuffer.allocate(BlockPointer.BYTES);
        POINTER.put(block, 0);
        assertThat(hex(block)).isEqualTo(POINTER_HEX);
        assertThat(BlockPointer.get(block, 0)).isEqualTo(POINTER);
    }

    @Test
    void zerosAreAHole() {
        assertThat(BlockPointer.get(ByteBuffer.allocate(BlockPointer.BYTES), 0).isHole()).isTrue();
    }

    @Test
    void aScrubStateHasItsBytes() {
        ScrubCounts counts = new ScrubCounts(1, 2, 3, 4, 5, 6, 7, List.of(0x42L));
        ScrubState state =
                new ScrubState(
                        ScrubState.Phase.STRIPES, true, 8, 0x11, 0x12, 0x13, 0x14, 9, 10, counts);
        assertThat(hex(state.encode()))
                .isEqualTo(
                        "00000001"
                                + "02010000"
                                + "0000000000000008"
                                + "0000000000000011"
                                + "0000000000000012"
                                + "0000000000000013"
                                + "0000000000000014"
                                + "0000000900000000"
                                + "000000000000000a"
                                + "00000000000000010000000000000002"
                                + "00000000000000030000000000000004"
                                + "00000000000000050000000000000006"
                                + "0000000000000007"
                                + "00000001"
                                + "0000000000000042");
        assertThat(ScrubState.decode(state.encode())).isEqualTo(state);
        ByteBuffer longest =
                new ScrubState(
                                ScrubState.Phase.IDLE,
                                false,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                new ScrubCounts(
                                        0,
                                        0,
                                        0,
                                        0,
                                        0,
                                        0,
                                        0,
                                        Collections.nCopies(ScrubCounts.LOST_KEPT, 1L)))
                        .encode();
        assertThat(longest.remaining()).isLessThan(RecordArea.SCRUB.maximumPayload());
    }

    private static final String IMAGE_HEX =
            EPOCH_HEX
                    + "000000000000004d"
                    + "0000000000001000"
                    + "00000000000001f4"
                    + "0000000000000078"
                    + "00000001"
                    + POINTER_HEX
                    + "00000002"
                    + POINTER_HEX
                    + "00000001"
                    + "0".repeat(48);
    private static final String ROOT_HEX =
            "000000000000000a" + "000000000000000b" + EPOCH_HEX + "0000000000000009" + IMAGE_HEX;
    private static final String OLDER_HEX = EPOCH_HEX + "0000000000000008";

    private static VolumeRoot rootOf(CpId cp, List<Pin> pins) {
        return new VolumeRoot(
                new VolumeId(0xA, 0xB),
                cp,
                new Position(CP.epoch(), 77),
                4096,
                500,
                120,
                new TreeRoot(VolumeRoot.STATE_TREE, 1, POINTER),
                new TreeRoot(VolumeRoot.DEAD_TREE, 2, POINTER),
                new TreeRoot(VolumeRoot.SPACE_TREE, 1, BlockPointer.HOLE),
                pins);
    }

    @Test
    void aRootHasItsBytes() {
        CpId older = new CpId(CP.epoch(), 8);
        CpId oldest = new CpId(CP.epoch(), 7);
        Pin known = Pin.of(rootOf(older, List.of(new Pin(oldest, null))));
        VolumeRoot root = rootOf(CP, List.of(new Pin(oldest, null), known));
        String expected =
                "00000003"
                        + ROOT_HEX
                        + "00000002"
                        + EPOCH_HEX
                        + "0000000000000007"
                        + "0".repeat(8 + IMAGE_HEX.length())
                        + OLDER_HEX
                        + "00000001"
                        + IMAGE_HEX;
        assertThat(hex(root.encode())).isEqualTo(expected);
        assertThat(VolumeRoot.decode(root.encode())).isEqualTo(root);
        assertThat(root.pinnedImage(older)).isEqualTo(rootOf(older, List.of()));
        assertThat(root.pinnedImage(oldest)).isNull();
        VolumeRoot longest = rootOf(CP, Collections.nCopies(Pins.MAX, known));
        assertThat(longest.encode().remaining()).isLessThan(4096);
    }

    @Test
    void aRootOfAnOldVersionHasPinsWithoutImages() {
        String version2 = "00000002" + ROOT_HEX + "00000001" + OLDER_HEX;
        VolumeRoot root = rootOf(CP, List.of(new Pin(new CpId(CP.epoch(), 8), null)));
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(version2));
        assertThat(VolumeRoot.decode(bytes)).isEqualTo(root);
        assertThat(VolumeRoot.decode(bytes.putInt(0, 1))).isEqualTo(root);
    }

    @Test
    void aRootOfAnotherVersionIsNotRead() {
        ByteBuffer bytes =
                VolumeCopy.blankRoot(new VolumeId(1, 2), 100).encode().putInt(0, 4).rewind();
        assertThat(VolumeRoot.decode(bytes)).isNull();
        assertThat(VolumeRoot.decode(ByteBuffer.allocate(20))).isNull();
    }

    private static Snapshot snapshotOf(LunRecord record, TreeRoot tree, DeathList list) {
        UUID group = new UUID(0x13, 0x14);
        return new Snapshot(
                new UUID(0x11, 0x12), "s", group, "o", 0x15, record, CP, tree, 2, 1, 3, list);
    }

    @Test
    void aStateFileHasItsBytes() {
        TreeMap<String, byte[]> values = new TreeMap<>();
        values.put("k", new byte[] {7});
        LunRecord record = new LunRecord(5, "ab", new UUID(1, 2), 8192, true);
        TreeRoot tree = new TreeRoot(6, 1, POINTER);
        DeathList list = new DeathList(7, 8, 9);
        UUID origin = new UUID(3, 4);
        Snapshot snapshot = snapshotOf(record, tree, list);
        StateFile file =
                new StateFile(
                        List.of(new LunState(record, tree, 2, 1, list, origin, CP)),
                        values,
                        List.of(snapshot),
                        StateFile.empty().deaths());
        String recordHex = "00000005" + hex(1) + hex(2) + hex(8192) + "01" + "00000002" + "6162";
        String treeHex = "00000006" + "00000001" + POINTER_HEX + hex(2) + hex(1);
        String listHex = hex(7) + "00000008" + hex(9);
        String cpHex = EPOCH_HEX + hex(9);
        String none = "f".repeat(32) + "0".repeat(16);
        String expected =
                "00000002"
                        + "00000001"
                        + recordHex
                        + treeHex
                        + listHex
                        + hex(3)
                        + hex(4)
                        + cpHex
                        + "00000001"
                        + "00000001"
                        + "6b"
                        + "00000001"
                        + "07"
                        + "00000001"
                        + hex(0x11)
                        + hex(0x12)
                        + hex(0x13)
                        + hex(0x14)
                        + hex(0x15)
                        + recordHex
                        + cpHex
                        + treeHex
                        + hex(3)
                        + listHex
                        + "00000001"
                        + "73"
                        + "00000001"
                        + "6f"
                        + "00000001"
                        + "0".repeat(48)
                        + hex(0)
                        + none
                        + none
                        + "00000000";
        assertThat(hex(file.encode())).isEqualTo(expected);
        StateFile read = Objects.requireNonNull(StateFile.decode(file.encode()));
        assertThat(read.luns()).isEqualTo(file.luns());
        assertThat(read.snapshots()).isEqualTo(file.snapshots());
        assertThat(read.deaths()).isEqualTo(file.deaths());
        assertThat(read.values().get("k")).containsExactly(7);
    }

    @Test
    void aStateFileOfVersion1IsRead() {
        String bytes =
                "00000001"
                        + "00000001"
                        + "00000005"
                        + hex(1)
                        + hex(2)
                        + hex(8192)
                        + hex(2)
                        + "00000001"
                        + POINTER_HEX
                        + "00000002"
                        + "6162"
                        + "00000001"
                        + "00000001"
                        + "6b"
                        + "00000001"
                        + "07";
        StateFile read =
                Objects.requireNonNull(
                        StateFile.decode(ByteBuffer.wrap(HexFormat.of().parseHex(bytes))));
        LunRecord record = new LunRecord(5, "ab", new UUID(1, 2), 8192);
        TreeRoot tree = new TreeRoot(5, 1, POINTER);
        assertThat(read.luns()).containsExactly(new LunState(record, tree, 2, LunState.UNKNOWN));
        assertThat(read.values().get("k")).containsExactly(7);
        assertThat(read.snapshots()).isEmpty();
        assertThat(read.deaths().isDraining()).isFalse();
    }

    @Test
    void aDrainHasItsBytes() {
        DeathSpace empty = StateFile.empty().deaths();
        Drain drain = new Drain(new UUID(1, 2), new TreeRoot(6, 1, POINTER), CP, 170);
        StateFile file =
                new StateFile(
                        List.of(),
                        new TreeMap<>(),
                        List.of(),
                        new DeathSpace(
                                empty.file(), 5, empty.freed(), empty.dropped(), List.of(drain)));
        assertThat(hex(file.encode()))
                .endsWith(
                        "00000001"
                                + hex(1)
                                + hex(2)
                                + "00000006"
                                + "00000001"
                                + POINTER_HEX
                                + EPOCH_HEX
                                + hex(9)
                                + hex(170));
        StateFile read = Objects.requireNonNull(StateFile.decode(file.encode()));
        assertThat(read.deaths()).isEqualTo(file.deaths());
    }

    @Test
    void stepsHaveTheirBytes() {
        UUID id = new UUID(1, 2);
        LunRecord as = new LunRecord(5, "ab", new UUID(3, 4), 8192, true);
        List<SnapshotStep> steps =
                List.of(
                        new SnapshotStep.Take(id, new UUID(3, 4), new UUID(5, 6), 7, "n", "o"),
                        new SnapshotStep.Delete(id),
                        new SnapshotStep.Restore(id),
                        new SnapshotStep.Clone(id, as),
                        new SnapshotStep.DeleteLun(id));
        String idHex = hex(1) + hex(2);
        String expected =
                "01"
                        + "00000005"
                        + "01"
                        + idHex
                        + hex(3)
                        + hex(4)
                        + hex(5)
                        + hex(6)
                        + hex(7)
                        + "00016e"
                        + "00016f"
                        + "02"
                        + idHex
                        + "03"
                        + idHex
                        + "04"
                        + idHex
                        + "00000005"
                        + hex(3)
                        + hex(4)
                        + hex(8192)
                        + "01"
                        + "00026162"
                        + "05"
                        + idHex;
        ByteBuffer encoded = SnapshotStep.encode(steps);
        assertThat(hex(encoded)).isEqualTo(expected);
        assertThat(SnapshotStep.decode(encoded)).isEqualTo(steps);
        for (int cut = 0; cut < encoded.remaining(); cut++) {
            assertThat(SnapshotStep.decode(encoded.slice(0, cut))).isNull();
        }
    }

    @Test
    void aCopyStateHasItsBytes() {
        CopyState state =
                new CopyState(
                        CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE, CP.epoch(), 6, "h:1", 4);
        String expected =
                "00000001"
                        + "02"
                        + "03"
                        + "0000"
                        + EPOCH_HEX
                        + "0000000000000006"
                        + "0000000000000004"
                        + "00000003"
                        + "683a31";
        assertThat(CopyState.decode(ByteBuffer.wrap(HexFormat.of().parseHex(expected))))
                .isEqualTo(state);
        CopyState now = state.inLog(0x77);
        String second =
                expected.replaceFirst("00000001", "00000002")
                        .replace("000000000000000400000003", "0000000000000004")
                        .replace("683a31", "0000000000000077" + "00000003" + "683a31");
        assertThat(CopyState.decode(ByteBuffer.wrap(HexFormat.of().parseHex(second))))
                .isEqualTo(now);
        CopyState exposed =
                now.as(CopyState.Role.SOURCE, CopyState.Sync.OUT_OF_SYNC).exposedSince(0x55);
        String third =
                second.replaceFirst("000000020203", "000000030102")
                        .replace("007700000003", "0077" + "0000000000000055" + "00000003");
        assertThat(hex(exposed.encode())).isEqualTo(third);
        assertThat(CopyState.decode(exposed.encode())).isEqualTo(exposed);
        CopyState differing = exposed.differing();
        String fourth = third.replaceFirst("0000000301020000", "0000000301020100");
        assertThat(hex(differing.encode())).isEqualTo(fourth);
        assertThat(CopyState.decode(differing.encode())).isEqualTo(differing);
        assertThat(differing.as(CopyState.Role.SOURCE, CopyState.Sync.OUT_OF_SYNC))
                .isEqualTo(differing);
        assertThat(differing.as(CopyState.Role.SOURCE, CopyState.Sync.IN_SYNC).mirrorDiffers())
                .isFalse();
        assertThat(exposed.exposedSince(0x99)).as("the first counts").isEqualTo(exposed);
        assertThat(exposed.as(CopyState.Role.SOURCE, CopyState.Sync.IN_SYNC).exposedSince())
                .isZero();
    }
}
