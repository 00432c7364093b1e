package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.SelfChecksum;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/// The blocks of a missing disk that a crash would cost, saved before their stripes are touched.
/// One header block and the contents in its order, version 1, big-endian:
///
/// ```
///  0 magic "LSPP"  4 version  8 crc32c of the header block  12 blocks
/// 16 sequence of the dirty note it belongs to (8)   24 zero
/// 64 + 16 i: dbn (8)  crc32c of the content (4)  zero (4)
/// ```
record PartialParity(long sequence, TreeMap<Long, ByteBuffer> blocks) {
    private static final int MAGIC = 0x4C535050;
    private static final int VERSION = 1;
    private static final int CRC_AT = 8;

    PartialParity {
        Check.that(blocks.size() <= DiskLayout.PARTIAL_PARITY_BLOCKS, "the blocks fit their area");
    }

    ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocate((1 + blocks.size()) * Blocks.SIZE);
        out.putInt(0, MAGIC).putInt(4, VERSION).putInt(12, blocks.size()).putLong(16, sequence);
        int i = 0;
        for (Map.Entry<Long, ByteBuffer> block : blocks.entrySet()) {
            ByteBuffer content = block.getValue();
            out.putLong(64 + 16 * i, block.getKey());
            out.putInt(72 + 16 * i, Crc32c.of(content, content.position(), Blocks.SIZE));
            out.put((1 + i) * Blocks.SIZE, content, content.position(), Blocks.SIZE);
            i++;
        }
        SelfChecksum.seal(out, CRC_AT, Blocks.SIZE);
        return out;
    }

    /// What stands in `slot`, or null unless header and all contents are whole.
    static @Nullable PartialParity decode(ByteBuffer slot) {
        int count = slot.getInt(12);
        boolean whole =
                slot.getInt(0) == MAGIC
                        && slot.getInt(4) == VERSION
                        && count >= 0
                        && count <= DiskLayout.PARTIAL_PARITY_BLOCKS
                        && SelfChecksum.holds(slot, CRC_AT, Blocks.SIZE);
        if (!whole) {
            return null;
        }
        TreeMap<Long, ByteBuffer> blocks = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            ByteBuffer content = slot.slice((1 + i) * Blocks.SIZE, Blocks.SIZE);
            if (Crc32c.of(content) != slot.getInt(72 + 16 * i)) {
                return null;
            }
            blocks.put(slot.getLong(64 + 16 * i), Parity.copy(content));
        }
        return new PartialParity(slot.getLong(16), blocks);
    }
}
