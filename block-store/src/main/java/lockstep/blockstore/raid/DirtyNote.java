package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.SelfChecksum;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/// Which blocks of a group may be half written, noted durably before any of them is touched. A note
/// names all blocks written since the last flush of the group; sequence numbers alternate between
/// the two slots. Version 1, big-endian, at most [DiskLayout#NOTE_BLOCKS] blocks:
///
/// ```
///  0 magic "LSDN"  4 version  8 crc32c of header and ranges  12 ranges
/// 16 sequence (8) 24 cp epoch counter (4)  28 rescued blocks (4)  32 cp epoch node (8)
/// 40 cp count (8) 48 missing slot or -1 (4) 52 zero
/// 64 + 16 i: slot (4)  blocks (4)  first dbn (8)
/// ```
///
/// `rescued` blocks stand in the partial-parity area under the same sequence. If they are not
/// there, nothing that the note names was touched.
record DirtyNote(long sequence, CpId cp, int missing, int rescued, List<BlockRange> ranges) {
    /// Ranges that a note has room for.
    static final int MAXIMUM_RANGES = (DiskLayout.NOTE_BLOCKS * Blocks.SIZE - 64) / 16;

    private static final int MAGIC = 0x4C53444E;
    private static final int VERSION = 1;
    private static final int CRC_AT = 8;

    /// `blocks` consecutive blocks of one disk.
    record BlockRange(int slot, int blocks, long dbn) {}

    DirtyNote {
        ranges = List.copyOf(ranges);
        Check.that(ranges.size() <= MAXIMUM_RANGES, "the ranges fit a note");
    }

    ByteBuffer encode() {
        int bytes = 64 + 16 * ranges.size();
        ByteBuffer out = ByteBuffer.allocate((int) Blocks.toBytes(Blocks.roundUp(bytes)));
        out.putInt(0, MAGIC).putInt(4, VERSION).putInt(12, ranges.size()).putLong(16, sequence);
        out.putInt(24, cp.epoch().counter()).putInt(28, rescued).putLong(32, cp.epoch().node());
        out.putLong(40, cp.count()).putInt(48, missing);
        for (int i = 0; i < ranges.size(); i++) {
            BlockRange range = ranges.get(i);
            int at = 64 + 16 * i;
            out.putInt(at, range.slot()).putInt(at + 4, range.blocks());
            out.putLong(at + 8, range.dbn());
        }
        SelfChecksum.seal(out, CRC_AT, bytes);
        return out;
    }

    /// The note in `slot`, or null if there is none that is whole.
    static @Nullable DirtyNote decode(ByteBuffer slot) {
        int count = slot.getInt(12);
        boolean whole =
                slot.getInt(0) == MAGIC
                        && slot.getInt(4) == VERSION
                        && count >= 0
                        && count <= MAXIMUM_RANGES
                        && SelfChecksum.holds(slot, CRC_AT, 64 + 16 * count);
        if (!whole) {
            return null;
        }
        BlockRange[] ranges = new BlockRange[count];
        for (int i = 0; i < count; i++) {
            int at = 64 + 16 * i;
            ranges[i] = new BlockRange(slot.getInt(at), slot.getInt(at + 4), slot.getLong(at + 8));
        }
        CpId cp = new CpId(new Epoch(slot.getInt(24), slot.getLong(32)), slot.getLong(40));
        return new DirtyNote(
                slot.getLong(16), cp, slot.getInt(48), slot.getInt(28), List.of(ranges));
    }
}
