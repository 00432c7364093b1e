package lockstep.blockstore.disk;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.VolumeId;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/// The bytes of each format: if one of these fails, either a bug came in or the version must
/// change.
final class DiskFormatsTest {
    private static final DiskLabel LABEL =
            new DiskLabel(
                    new UUID(0x0102030405060708L, 0x1112131415161718L),
                    new VolumeId(0x21, 0x22),
                    "vol",
                    1,
                    2,
                    5000,
                    7,
                    new Membership(
                            List.of(
                                    new DiskLabel.GroupMembers(3, 2, 0, -1, 0),
                                    new DiskLabel.GroupMembers(2, 0b10, 1, 255)),
                            List.of(
                                    new Membership.Joined(0, 2),
                                    new Membership.Joined(1, 2),
                                    new Membership.Joined(0, 1))),
                    6);

    private static String hex(ByteBuffer bytes, int from, int length) {
        byte[] part = new byte[length];
        bytes.get(from, part);
        return HexFormat.of().formatHex(part);
    }

    @Test
    void labelHasItsBytes() {
        ByteBuffer bytes = LABEL.encode();
        assertThat(hex(bytes, 0, 8)).isEqualTo("4c53444c00000003");
        assertThat(hex(bytes, 12, 36))
                .isEqualTo(
                        "00000002"
                                + "01020304050607081112131415161718"
                                + "00000000000000210000000000000022");
        assertThat(hex(bytes, 48, 32))
                .isEqualTo(
                        "0000000000000007"
                                + "0000000100000002"
                                + "0000000000001388"
                                + "00000003"
                                + "766f6c00");
        assertThat(hex(bytes, 256, 64))
                .isEqualTo(
                        "00000003ffffffff0000000000000000"
                                + "00000000000000000000000200000000"
                                + "00000002000000010000000000000002"
                                + "00000000000000ff0000000200000000");
        assertThat(hex(bytes, 2304, 32))
                .isEqualTo(
                        "0000000000000006"
                                + "0000000300000000"
                                + "00000002"
                                + "00010002"
                                + "00000001"
                                + "00000000");
        assertThat(DiskLabel.decode(bytes)).isEqualTo(LABEL);
    }

    @Test
    void labelsBeforeGrowthAreRead() {
        byte[] first =
                HexFormat.of()
                        .parseHex(
                                "00000003000000000000000000000000"
                                        + "00000002000000000000000000000002");
        assertThat(older(1, first).members())
                .isEqualTo(
                        Membership.founded(
                                List.of(
                                        new DiskLabel.GroupMembers(3, 0),
                                        new DiskLabel.GroupMembers(2, 0b10))));
        byte[] second =
                HexFormat.of()
                        .parseHex(
                                "00000003ffffffff0000000000000000"
                                        + "00000000000000000000000000000000"
                                        + "00000002000000010000000000000002"
                                        + "00000000000000ff0000000000000000");
        DiskLabel label = older(2, second);
        assertThat(label.members())
                .isEqualTo(
                        Membership.founded(
                                List.of(
                                        new DiskLabel.GroupMembers(3, 0),
                                        new DiskLabel.GroupMembers(2, 0b10, 1, 255))));
        assertThat(label.joined()).isZero();
    }

    private static DiskLabel older(int version, byte[] groups) {
        ByteBuffer bytes = LABEL.encode();
        bytes.putInt(4, version).put(256, new byte[4096 - 256]).put(256, groups);
        SelfChecksum.seal(bytes, 8, 4096);
        return Objects.requireNonNull(DiskLabel.decode(bytes));
    }

    @Test
    void labelOfASpareHasNoPlace() {
        DiskLabel spare =
                new DiskLabel(
                        LABEL.disk(), LABEL.volume(), "vol", -1, -1, 5000, 7, LABEL.members());
        assertThat(hex(spare.encode(), 56, 8)).isEqualTo("ffffffffffffffff");
        assertThat(DiskLabel.decode(spare.encode())).isEqualTo(spare);
        assertThat(spare.isSpare()).isTrue();
    }

    @Test
    void fullOrderFitsALabel() {
        List<DiskLabel.GroupMembers> groups = new ArrayList<>();
        List<Membership.Joined> order = new ArrayList<>();
        for (int g = 0; g < DiskLabel.MAXIMUM_GROUPS; g++) {
            int disks = g < 56 ? 7 : 6;
            groups.add(new DiskLabel.GroupMembers(disks, 1, 0, -1, 0));
            for (int i = 0; i < disks; i++) {
                order.add(new Membership.Joined(g, 1));
            }
        }
        assertThat(order).hasSize(Membership.MAXIMUM_JOINED);
        DiskLabel label =
                new DiskLabel(
                        LABEL.disk(),
                        LABEL.volume(),
                        "v".repeat(180),
                        63,
                        0,
                        1,
                        1,
                        new Membership(groups, order));
        assertThat(DiskLabel.decode(label.encode())).isEqualTo(label);
    }

    @Test
    void damagedLabelIsNone() {
        ByteBuffer bytes = LABEL.encode();
        bytes.put(60, (byte) 9);
        assertThat(DiskLabel.decode(bytes)).isNull();
    }

    @Test
    void otherVersionIsNamed() {
        ByteBuffer bytes = LABEL.encode();
        bytes.putInt(4, 4);
        assertThat(DiskLabel.decode(bytes)).isNull();
        assertThat(DiskLabel.otherVersion(bytes)).isEqualTo(4);
    }

    @Test
    void recordHasItsBytes() {
        VolumeId volume = new VolumeId(0x21, 0x22);
        ByteBuffer payload = ByteBuffer.wrap(new byte[] {1, 2, 3});
        ByteBuffer bytes = DiskRecord.encode(RecordArea.SUPERBLOCK, volume, 9, payload);
        assertThat(bytes.capacity()).isEqualTo(4096);
        assertThat(hex(bytes, 0, 8)).isEqualTo("4c53524300000001");
        assertThat(hex(bytes, 12, 40))
                .isEqualTo(
                        "00000010"
                                + "00000000000000210000000000000022"
                                + "0000000000000009"
                                + "00000003"
                                + "00000000"
                                + "01020300");
        DiskRecord back = DiskRecord.decode(RecordArea.SUPERBLOCK, volume, bytes);
        assertThat(back).isNotNull();
        assertThat(DiskRecord.decode(RecordArea.COPY_STATE, volume, bytes)).isNull();
        assertThat(DiskRecord.decode(RecordArea.SUPERBLOCK, new VolumeId(1, 1), bytes)).isNull();
    }

    @Test
    void largestRecordFitsItsSlot() {
        ByteBuffer payload = ByteBuffer.allocate(16 * 1024);
        ByteBuffer bytes = DiskRecord.encode(RecordArea.SUPERBLOCK, new VolumeId(1, 2), 1, payload);
        assertThat(bytes.capacity()).isLessThanOrEqualTo(RecordArea.SUPERBLOCK.slotBytes());
    }

    @Test
    void checksumCoversEverythingButItself() {
        ByteBuffer bytes = ByteBuffer.allocate(64);
        SelfChecksum.seal(bytes, 8, 64);
        assertThat(bytes.getInt(8)).isEqualTo(Crc32c.of(ByteBuffer.allocate(64)));
        assertThat(SelfChecksum.holds(bytes, 8, 64)).isTrue();
        bytes.put(63, (byte) 1);
        assertThat(SelfChecksum.holds(bytes, 8, 64)).isFalse();
    }

    @Test
    void layoutFitsTheDeviceItWasMadeFor() {
        for (long blocks = 336; blocks < 5000; blocks += 7) {
            DiskLayout layout = DiskLayout.fitting(blocks * 4096);
            assertThat(layout.deviceBlocks()).isLessThanOrEqualTo(blocks);
            assertThat(layout.deviceBlocks()).isGreaterThan(blocks - 8);
        }
    }
}
