package lockstep.blockstore.crash;

import lockstep.blockstore.base.Blocks;

import java.nio.ByteBuffer;

/// Sectors whose content says which operation wrote them: a *stamp* is a number that no two written
/// sectors share (but those of one write-same), and stands for 512 bytes that follow from it. Zero
/// stands for zeros.
final class Stamps {
    /// Stands for content that is no sector of ours.
    static final long WRONG = -1;

    private static final int WORDS = Blocks.SECTOR / Long.BYTES;

    private Stamps() {}

    private static long word(long stamp, int index) {
        long mixed = (stamp + index * 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
        return mixed ^ (mixed >>> 31);
    }

    /// Puts the sector of `stamp` at `at`.
    static void put(ByteBuffer into, int at, long stamp) {
        into.putLong(at, stamp);
        for (int i = 1; i < WORDS; i++) {
            into.putLong(at + i * Long.BYTES, stamp == 0 ? 0 : word(stamp, i));
        }
    }

    /// The stamp of the sector at `at`.
    static long get(ByteBuffer from, int at) {
        long stamp = from.getLong(at);
        for (int i = 1; i < WORDS; i++) {
            if (from.getLong(at + i * Long.BYTES) != (stamp == 0 ? 0 : word(stamp, i))) {
                return WRONG;
            }
        }
        return stamp;
    }

    /// The sectors of these stamps.
    static ByteBuffer sectors(long[] stamps) {
        ByteBuffer bytes = ByteBuffer.allocate(stamps.length * Blocks.SECTOR);
        for (int i = 0; i < stamps.length; i++) {
            put(bytes, i * Blocks.SECTOR, stamps[i]);
        }
        return bytes;
    }

    /// The stamps of all sectors in `bytes`.
    static long[] of(ByteBuffer bytes) {
        long[] stamps = new long[bytes.capacity() / Blocks.SECTOR];
        for (int i = 0; i < stamps.length; i++) {
            stamps[i] = get(bytes, i * Blocks.SECTOR);
        }
        return stamps;
    }
}
