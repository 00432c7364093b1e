package lockstep.blockstore.base;

import java.nio.ByteBuffer;

/// Block and sector sizes, and the conversions between bytes, 512-byte sectors and 4 KiB blocks.
public final class Blocks {
    /// Bytes in a block: the unit of VBNs, DBNs, checksums and cache.
    public static final int SIZE = 4096;

    /// `1 << SHIFT == SIZE`.
    public static final int SHIFT = 12;

    /// Bytes in a sector: the unit of hosts (512e) and of a torn write.
    public static final int SECTOR = 512;

    /// Sectors in a block.
    public static final int SECTORS = SIZE / SECTOR;

    private Blocks() {}

    /// Bytes in `blocks` blocks.
    public static long toBytes(long blocks) {
        return blocks << SHIFT;
    }

    /// The block that holds byte `offset`.
    public static long containing(long offset) {
        return offset >> SHIFT;
    }

    /// Blocks needed to hold `bytes` bytes.
    public static long roundUp(long bytes) {
        return (bytes + SIZE - 1) >> SHIFT;
    }

    /// Whether `offset` is a multiple of a block.
    public static boolean isAligned(long offset) {
        return (offset & (SIZE - 1)) == 0;
    }

    /// Whether `borrowed` holds nothing but zeros from its position to its limit, which are whole
    /// sectors.
    public static boolean isZero(ByteBuffer borrowed) {
        for (int at = borrowed.position(); at < borrowed.limit(); at += Long.BYTES) {
            if (borrowed.getLong(at) != 0) {
                return false;
            }
        }
        return true;
    }
}
