package lockstep.blockstore.block;

import lockstep.blockstore.base.CpId;

import java.nio.ByteBuffer;

/// Where a block is, what it must contain, and when it was written: VBN, CRC32C of its 4096 bytes,
/// and the consistency point of its birth. 24 bytes on disk, big endian:
///
/// ```
/// 0        8      12            16           24
/// | vbn    | crc  | birth epoch | birth count |
/// ```
///
/// VBN 0 is never allocated, so an all-zero pointer is a hole and reads as zeros. VBN -1 marks a
/// block that is lost for good; it reads as a medium error until it is overwritten.
public record BlockPointer(long vbn, int crc, int birthEpoch, long birthCount) {
    /// Bytes of a pointer on disk.
    public static final int BYTES = 24;

    /// Nothing was ever written here: reads as zeros.
    public static final BlockPointer HOLE = new BlockPointer(0, 0, 0, 0);

    private static final long POISONED_VBN = -1;

    /// A pointer to nothing readable, born in `cp`.
    public static BlockPointer poisoned(CpId cp) {
        return new BlockPointer(POISONED_VBN, 0, cp.epoch().counter(), cp.count());
    }

    /// A pointer to a block written in `cp`.
    public static BlockPointer to(long vbn, int crc, CpId cp) {
        return new BlockPointer(vbn, crc, cp.epoch().counter(), cp.count());
    }

    /// Reads the pointer at absolute index `at`.
    public static BlockPointer get(ByteBuffer borrowed, int at) {
        long vbn = borrowed.getLong(at);
        if (vbn == 0) {
            return HOLE;
        }
        return new BlockPointer(
                vbn, borrowed.getInt(at + 8), borrowed.getInt(at + 12), borrowed.getLong(at + 16));
    }

    /// Writes this pointer at absolute index `at`.
    public void put(ByteBuffer target, int at) {
        target.putLong(at, vbn).putInt(at + 8, crc);
        target.putInt(at + 12, birthEpoch).putLong(at + 16, birthCount);
    }

    /// Whether there is no block.
    public boolean isHole() {
        return vbn == 0;
    }

    /// Whether the block is lost for good.
    public boolean isPoisoned() {
        return vbn == POISONED_VBN;
    }

    /// Whether there is a block at a VBN.
    public boolean isAllocated() {
        return vbn > 0;
    }

    /// Whether this was written after `cp` was committed.
    public boolean bornAfter(CpId cp) {
        return isBornAfter(birthEpoch, birthCount, cp);
    }

    /// As [#bornAfter], for a birth that is not wrapped.
    public static boolean isBornAfter(int birthEpoch, long birthCount, CpId cp) {
        int counter = cp.epoch().counter();
        return birthEpoch != counter ? birthEpoch > counter : birthCount > cp.count();
    }
}
