package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.VolumeId;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;

/// Who a disk is. Every member of a volume carries the whole membership: how large each group is,
/// which of its slots have failed and how far one of these is rebuilt, under a generation that
/// grows with every change. One block, version 2, big-endian:
///
/// ```
///   0 magic "LSDL"   4 version    8 crc32c         12 groups in the volume
///  16 disk uuid (16)             32 volume id (16)
///  48 membership generation (8)  56 group          60 slot
///  64 dbn count of this disk (8) 72 name length    76 name, UTF-8, at most 180 bytes
/// 256 per group: data disks (4), slot that is rebuilt or -1 (4), failed slots as a bit mask (8),
///                dbn up to which it is rebuilt (8), zero (8)
/// ```
///
/// Group and slot are -1 on a spare. Version 1, which is still read, has 16 bytes per group: data
/// disks (4), zero (4), failed slots (8); it knows neither rebuilds nor spares.
public record DiskLabel(
        UUID disk,
        VolumeId volume,
        String name,
        int group,
        int slot,
        long dbnCount,
        long generation,
        List<GroupMembers> groups) {
    /// Groups that a label has room for.
    public static final int MAXIMUM_GROUPS = 64;

    private static final int MAGIC = 0x4C53444C;
    private static final int CRC_AT = 8;
    private static final int NAME_AT = 76;
    private static final int GROUPS_AT = 256;
    private static final int MAXIMUM_NAME = GROUPS_AT - NAME_AT;
    private static final int VERSION = 2;
    private static final int FIRST_VERSION = 1;

    /// Group and slot of a spare.
    public static final int NO_PLACE = -1;

    /// One group: `dataDisks` slots of data, then the parity disk; bit `s` of `failedSlots` is set
    /// when slot s has left. A slot that is rebuilt counts as failed, and `rebuiltSlot` is its
    /// number (else -1): there is a disk in it that gets all writes, and whose blocks below
    /// `rebuiltTo` are as good as any member's.
    public record GroupMembers(int dataDisks, long failedSlots, int rebuiltSlot, long rebuiltTo) {
        public GroupMembers {
            Check.that(dataDisks >= 1 && dataDisks <= 62, "a group has 1 to 62 data disks");
            boolean failed = rebuiltSlot < 0 || (failedSlots & (1L << rebuiltSlot)) != 0;
            Check.that(failed, "a slot that is rebuilt has failed before");
        }

        /// A group of which no slot is rebuilt.
        public GroupMembers(int dataDisks, long failedSlots) {
            this(dataDisks, failedSlots, NO_PLACE, 0);
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
                    ? new GroupMembers(dataDisks, failed)
                    : new GroupMembers(dataDisks, failed, rebuiltSlot, rebuiltTo);
        }

        GroupMembers rebuilding(int slot, long upTo) {
            return new GroupMembers(dataDisks, failedSlots, slot, upTo);
        }

        GroupMembers rebuilt() {
            return new GroupMembers(dataDisks, failedSlots & ~(1L << rebuiltSlot));
        }
    }

    public DiskLabel {
        groups = List.copyOf(groups);
        Check.that(groups.size() <= MAXIMUM_GROUPS, "the groups fit a label");
        boolean spare = group == NO_PLACE && slot == NO_PLACE;
        boolean exists = group < groups.size() && (spare || slot < groups.get(group).slots());
        Check.that(exists, "a slot exists");
        Check.that(
                name.getBytes(StandardCharsets.UTF_8).length <= MAXIMUM_NAME,
                "the volume name fits a label");
    }

    /// Whether the disk waits to replace one that fails.
    public boolean isSpare() {
        return group == NO_PLACE;
    }

    DiskLabel with(long newGeneration, List<GroupMembers> newGroups) {
        return new DiskLabel(disk, volume, name, group, slot, dbnCount, newGeneration, newGroups);
    }

    ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocate(Blocks.SIZE);
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        out.putInt(0, MAGIC).putInt(4, VERSION).putInt(12, groups.size());
        out.putLong(16, disk.getMostSignificantBits()).putLong(24, disk.getLeastSignificantBits());
        out.putLong(32, volume.high()).putLong(40, volume.low());
        out.putLong(48, generation).putInt(56, group).putInt(60, slot);
        out.putLong(64, dbnCount).putInt(72, nameBytes.length).put(NAME_AT, nameBytes);
        for (int g = 0; g < groups.size(); g++) {
            int at = GROUPS_AT + 32 * g;
            GroupMembers of = groups.get(g);
            out.putInt(at, of.dataDisks()).putInt(at + 4, of.rebuiltSlot());
            out.putLong(at + 8, of.failedSlots()).putLong(at + 16, of.rebuiltTo());
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
        GroupMembers[] groups = new GroupMembers[block.getInt(12)];
        for (int g = 0; g < groups.length; g++) {
            groups[g] =
                    version == FIRST_VERSION
                            ? first(block, GROUPS_AT + 16 * g)
                            : current(block, GROUPS_AT + 32 * g);
        }
        return new DiskLabel(
                new UUID(block.getLong(16), block.getLong(24)),
                new VolumeId(block.getLong(32), block.getLong(40)),
                new String(nameBytes, StandardCharsets.UTF_8),
                block.getInt(56),
                block.getInt(60),
                block.getLong(64),
                block.getLong(48),
                List.of(groups));
    }

    private static boolean isKnown(int version) {
        return version == VERSION || version == FIRST_VERSION;
    }

    private static GroupMembers first(ByteBuffer block, int at) {
        return new GroupMembers(block.getInt(at), block.getLong(at + 8));
    }

    private static GroupMembers current(ByteBuffer block, int at) {
        return new GroupMembers(
                block.getInt(at),
                block.getLong(at + 8),
                block.getInt(at + 4),
                block.getLong(at + 16));
    }

    /// The version that a label of ours claims when it is another than this program's; 0 otherwise.
    static int otherVersion(ByteBuffer block) {
        int version = block.getInt(4);
        return block.getInt(0) == MAGIC && !isKnown(version) ? version : 0;
    }
}
