package lockstep.blockstore.disk;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.VolumeId;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
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
        assertThat(hex(bytes, 0, 8)).isEqualTo("4c53444c00000004");
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
                                + "00000000000000000000000200000010"
                                + "00000002000000010000000000000002"
                                + "00000000000000ff0000000200000010");
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
                                        new DiskLabel.GroupMembers(3, 3, 0, -1, 0, 1),
                                        new DiskLabel.GroupMembers(2, 2, 0b10, -1, 0, 1))));
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
                                        new DiskLabel.GroupMembers(3, 3, 0, -1, 0, 1),
                                        new DiskLabel.GroupMembers(2, 2, 0b10, 1, 255, 1))));
        assertThat(label.joined()).isZero();
    }

    @Test
    void labelsWithSinglePagesAreRead() {
        ByteBuffer bytes = LABEL.encode();
        bytes.putInt(4, 3).putInt(256 + 28, 0).putInt(256 + 32 + 28, 0);
        SelfChecksum.seal(bytes, 8, 4096);
        DiskLabel label = Objects.requireNonNull(DiskLabel.decode(bytes));
        assertThat(label.layout()).isEqualTo(new DiskLayout(5000, 1));
        assertThat(label.members().joined()).isEqualTo(LABEL.members().joined());
        assertThat(label.joined()).isEqualTo(6);
        // What is written of it says so.
        assertThat(DiskLabel.decode(label.encode())).isEqualTo(label);
        Membership grown = label.members().grown(1).with(0, label.groups().getFirst().without(2));
        assertThat(grown.groups()).allMatch(group -> group.pagesTogether() == 1);
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
        bytes.putInt(4, 5);
        assertThat(DiskLabel.decode(bytes)).isNull();
        assertThat(DiskLabel.otherVersion(bytes)).isEqualTo(5);
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

    @Test
    void checksumPagesHaveTheirPlaces() {
        // 40 pages: 16, 16 and 8 together.
        DiskLayout layout = new DiskLayout(40 * 127);
        assertThat(layout.checksumPage(false, 0, 0)).isEqualTo(320);
        assertThat(layout.checksumPage(false, 15, 0)).isEqualTo(335);
        assertThat(layout.checksumPage(false, 0, 1)).isEqualTo(336);
        assertThat(layout.checksumPage(false, 16, 0)).isEqualTo(352);
        assertThat(layout.checksumPage(false, 39, 0)).isEqualTo(391);
        assertThat(layout.checksumPage(false, 39, 1)).isEqualTo(399);
        assertThat(layout.checksumPage(true, 0, 0)).isEqualTo(400);
        assertThat(layout.dataStart()).isEqualTo(480);
        assertThat(layout.neighbours(3, 20)).isEqualTo(13);
        assertThat(layout.neighbours(16, 16)).isEqualTo(16);
        for (DiskLayout any : List.of(layout, new DiskLayout(4099), new DiskLayout(4099, 1))) {
            Set<Long> places = new HashSet<>();
            for (long page = 0; page < any.pages(); page++) {
                for (int copy = 0; copy < 4; copy++) {
                    long at = any.checksumPage(copy / 2 == 1, page, copy % 2);
                    assertThat(at).isBetween(320L, any.dataStart() - 1);
                    places.add(at);
                }
            }
            assertThat(places).hasSize((int) (4 * any.pages()));
        }
        // As they were before pages stood together.
        assertThat(new DiskLayout(4099, 1).checksumPage(false, 7, 1)).isEqualTo(335);
    }
}
