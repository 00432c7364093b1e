package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.VolumeId;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Who a disk is. Every member of a volume carries the whole membership: how large each group is,
/// which of its slots have failed and how far one of these is rebuilt, and in which order the data
/// disks came, under a generation that grows with every change. One block, version 4, big-endian:
///
/// ```
///   0 magic "LSDL"   4 version    8 crc32c         12 groups in the volume
///  16 disk uuid (16)             32 volume id (16)
///  48 membership generation (8)  56 group          60 slot
///  64 dbn count of this disk (8) 72 name length    76 name, UTF-8, at most 180 bytes
/// 256 per group: data disks (4), slot that is rebuilt or -1 (4), failed slots as a bit mask (8),
///                dbn up to which it is rebuilt (8), parity slot (4),
///                checksum pages that stand together (4), [DiskLayout]
/// 2304 generation in which this disk joined, or 0 (8)    2312 entries of the order (4)
/// 2320 per entry of the order: group (2), data disks that came then (2)
/// ```
///
/// Group and slot are -1 on a spare. Older versions are still read. In version 3 each checksum page
/// stands by itself, and its field is zero. Versions 1 and 2 know no growth either: the parity slot
/// is the last of its group and the order is that of the groups. Version 1 has 16 bytes per group:
/// data disks (4), zero (4), failed slots (8); it knows neither rebuilds nor spares.
///
/// A disk that joins a volume that there is already gets its label before the others are told
/// (`joined` is its generation then), so a label alone does not make it a member: [DiskInventory].
public record DiskLabel(
        UUID disk,
        VolumeId volume,
        String name,
        int group,
        int slot,
        long dbnCount,
        long generation,
        Membership members,
        long joined) {
    /// Groups that a label has room for.
    public static final int MAXIMUM_GROUPS = 64;

    private static final int MAGIC = 0x4C53444C;
    private static final int CRC_AT = 8;
    private static final int NAME_AT = 76;
    private static final int GROUPS_AT = 256;
    private static final int GROUP_BYTES = 32;
    private static final int JOINED_AT = GROUPS_AT + MAXIMUM_GROUPS * GROUP_BYTES;
    private static final int ORDER_AT = JOINED_AT + 16;
    private static final int MAXIMUM_NAME = GROUPS_AT - NAME_AT;
    private static final int VERSION = 4;
    private static final int SINGLE_PAGES = 3;
    private static final int WITHOUT_GROWTH = 2;
    private static final int FIRST_VERSION = 1;

    /// Group and slot of a spare.
    public static final int NO_PLACE = -1;

    /// One group: `dataDisks` slots of data and, in `paritySlot`, the parity disk; bit `s` of
    /// `failedSlots` is set when slot s has left. A slot that is rebuilt counts as failed, and
    /// `rebuiltSlot` is its number (else -1): there is a disk in it that gets all writes, and whose
    /// blocks below `rebuiltTo` are as good as any member's. `pagesTogether` belongs to the layout
    /// of its disks.
    public record GroupMembers(
            int dataDisks,
            int paritySlot,
            long failedSlots,
            int rebuiltSlot,
            long rebuiltTo,
            int pagesTogether) {
        /// Data disks that a group can have.
        public static final int MAXIMUM_DATA_DISKS = 62;

        public GroupMembers {
            boolean fits = dataDisks >= 1 && dataDisks <= MAXIMUM_DATA_DISKS;
            Check.that(fits, "a group has 1 to 62 data disks");
            Check.that(paritySlot >= 1 && paritySlot <= dataDisks, "parity has a slot");
            boolean failed = rebuiltSlot < 0 || (failedSlots & (1L << rebuiltSlot)) != 0;
            Check.that(failed, "a slot that is rebuilt has failed before");
        }

        /// A group of disks as they are laid out now.
        public GroupMembers(
                int dataDisks, int paritySlot, long failedSlots, int rebuiltSlot, long rebuiltTo) {
            this(
                    dataDisks,
                    paritySlot,
                    failedSlots,
                    rebuiltSlot,
                    rebuiltTo,
                    DiskLayout.PAGES_TOGETHER);
        }

        /// A group of which no slot is rebuilt and to which none was added.
        public GroupMembers(int dataDisks, long failedSlots) {
            this(dataDisks, dataDisks, failedSlots, NO_PLACE, 0);
        }

        /// A group to which no disk was added.
        public GroupMembers(int dataDisks, long failedSlots, int rebuiltSlot, long rebuiltTo) {
            this(dataDisks, dataDisks, failedSlots, rebuiltSlot, rebuiltTo);
        }

        /// Slots, parity included.
        public int slots() {
            return dataDisks + 1;
        }

        /// Whether `slot` has left the group.
        public boolean failed(int slot) {
            return (failedSlots & (1L << slot)) != 0;
        }

        /// Whether a disk in `slot` belongs to the group, be it one that is rebuilt.
        public boolean admits(int slot) {
            return !failed(slot) || slot == rebuiltSlot;
        }

        GroupMembers without(int slot) {
            long failed = failedSlots | (1L << slot);
            return slot == rebuiltSlot
                    ? with(failed, NO_PLACE, 0)
                    : with(failed, rebuiltSlot, rebuiltTo);
        }

        GroupMembers rebuilding(int slot, long upTo) {
            return with(failedSlots, slot, upTo);
        }

        GroupMembers rebuilt() {
            return with(failedSlots & ~(1L << rebuiltSlot), NO_PLACE, 0);
        }

        private GroupMembers with(long failed, int rebuilding, long upTo) {
            return new GroupMembers(
                    dataDisks, paritySlot, failed, rebuilding, upTo, pagesTogether);
        }

        GroupMembers grown() {
            return new GroupMembers(
                    dataDisks + 1, paritySlot, failedSlots, rebuiltSlot, rebuiltTo, pagesTogether);
        }
    }

    public DiskLabel {
        Check.that(members.groups().size() <= MAXIMUM_GROUPS, "the groups fit a label");
        Check.that(members.joined().size() <= Membership.MAXIMUM_JOINED, "the order fits a label");
        boolean spare = group == NO_PLACE && slot == NO_PLACE;
        Check.that(spare || members.has(group, slot), "a slot exists");
        Check.that(
                name.getBytes(StandardCharsets.UTF_8).length <= MAXIMUM_NAME,
                "the volume name fits a label");
    }

    /// The label of a disk that was there from the start, or that took the place of one that left.
    public DiskLabel(
            UUID disk,
            VolumeId volume,
            String name,
            int group,
            int slot,
            long dbnCount,
            long generation,
            Membership members) {
        this(disk, volume, name, group, slot, dbnCount, generation, members, 0);
    }

    /// The groups, in order.
    public List<GroupMembers> groups() {
        return members.groups();
    }

    /// Whether it was written before the other members had heard of this disk.
    boolean isAhead() {
        return joined != 0 && joined == generation;
    }

    /// Whether the disk waits to replace one that fails.
    public boolean isSpare() {
        return group == NO_PLACE;
    }

    /// Where things stand on the disk.
    DiskLayout layout() {
        return isSpare()
                ? new DiskLayout(dbnCount)
                : new DiskLayout(dbnCount, groups().get(group).pagesTogether());
    }

    DiskLabel with(long newGeneration, Membership now) {
        return new DiskLabel(disk, volume, name, group, slot, dbnCount, newGeneration, now, joined);
    }

    ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocate(Blocks.SIZE);
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        out.putInt(0, MAGIC).putInt(4, VERSION).putInt(12, groups().size());
        out.putLong(16, disk.getMostSignificantBits()).putLong(24, disk.getLeastSignificantBits());
        out.putLong(32, volume.high()).putLong(40, volume.low());
        out.putLong(48, generation).putInt(56, group).putInt(60, slot);
        out.putLong(64, dbnCount).putInt(72, nameBytes.length).put(NAME_AT, nameBytes);
        for (int g = 0; g < groups().size(); g++) {
            int at = GROUPS_AT + GROUP_BYTES * g;
            GroupMembers of = groups().get(g);
            out.putInt(at, of.dataDisks()).putInt(at + 4, of.rebuiltSlot());
            out.putLong(at + 8, of.failedSlots()).putLong(at + 16, of.rebuiltTo());
            out.putInt(at + 24, of.paritySlot()).putInt(at + 28, of.pagesTogether());
        }
        out.putLong(JOINED_AT, joined).putInt(JOINED_AT + 8, members.joined().size());
        for (int i = 0; i < members.joined().size(); i++) {
            Membership.Joined of = members.joined().get(i);
            out.putShort(ORDER_AT + 4 * i, (short) of.group());
            out.putShort(ORDER_AT + 4 * i + 2, (short) of.disks());
        }
        SelfChecksum.seal(out, CRC_AT, Blocks.SIZE);
        return out;
    }

    /// The label in `block`, or null if there is none that is whole.
    static @Nullable DiskLabel decode(ByteBuffer block) {
        int version = block.getInt(4);
        boolean whole =
                block.getInt(0) == MAGIC
                        && isKnown(version)
                        && SelfChecksum.holds(block, CRC_AT, Blocks.SIZE);
        if (!whole) {
            return null;
        }
        byte[] nameBytes = new byte[block.getInt(72)];
        block.get(NAME_AT, nameBytes);
        return new DiskLabel(
                new UUID(block.getLong(16), block.getLong(24)),
                new VolumeId(block.getLong(32), block.getLong(40)),
                new String(nameBytes, StandardCharsets.UTF_8),
                block.getInt(56),
                block.getInt(60),
                block.getLong(64),
                block.getLong(48),
                members(block, version),
                version > WITHOUT_GROWTH ? block.getLong(JOINED_AT) : 0);
    }

    private static boolean isKnown(int version) {
        return version >= FIRST_VERSION && version <= VERSION;
    }

    private static Membership members(ByteBuffer block, int version) {
        List<GroupMembers> groups = new ArrayList<>();
        for (int g = 0; g < block.getInt(12); g++) {
            int at = GROUPS_AT + GROUP_BYTES * g;
            groups.add(
                    switch (version) {
                        case FIRST_VERSION -> first(block, GROUPS_AT + 16 * g);
                        case WITHOUT_GROWTH -> current(block, at, block.getInt(at), 1);
                        case SINGLE_PAGES -> current(block, at, block.getInt(at + 24), 1);
                        default ->
                                current(block, at, block.getInt(at + 24), block.getInt(at + 28));
                    });
        }
        if (version <= WITHOUT_GROWTH) {
            return Membership.founded(groups);
        }
        List<Membership.Joined> order = new ArrayList<>();
        for (int i = 0; i < block.getInt(JOINED_AT + 8); i++) {
            int at = ORDER_AT + 4 * i;
            order.add(new Membership.Joined(block.getShort(at), block.getShort(at + 2)));
        }
        return new Membership(groups, order);
    }

    private static GroupMembers first(ByteBuffer block, int at) {
        int disks = block.getInt(at);
        return new GroupMembers(disks, disks, block.getLong(at + 8), NO_PLACE, 0, 1);
    }

    private static GroupMembers current(
            ByteBuffer block, int at, int paritySlot, int pagesTogether) {
        return new GroupMembers(
                block.getInt(at),
                paritySlot,
                block.getLong(at + 8),
                block.getInt(at + 4),
                block.getLong(at + 16),
                pagesTogether);
    }

    /// The version that a label of ours claims when it is another than this program's; 0 otherwise.
    static int otherVersion(ByteBuffer block) {
        int version = block.getInt(4);
        return block.getInt(0) == MAGIC && !isKnown(version) ? version : 0;
    }
}
