package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.SelfChecksum;
import lockstep.blockstore.disk.SlotRing;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// The checksum entries of 127 neighbouring blocks of one disk: one block, version 1, big-endian. A
/// block of zeros is the page of blocks that were never written, with sequence 0.
///
/// ```
///  0 magic "LSCK"  4 version  8 crc32c  12 slot of the disk in its group
/// 16 sequence (8) 24 first dbn (8)
/// 32 + 32 i: crc32c (4)  slot (4)  dbn (8)  cp epoch counter (4)  written = 1 (4)  cp count (8)
/// ```
final class ChecksumPage {
    private static final int MAGIC = 0x4C53434B;
    private static final int VERSION = 1;
    private static final int CRC_AT = 8;
    private static final int ENTRY = 32;

    final int slot;
    final long page;
    ByteBuffer bytes = ByteBuffer.allocate(Blocks.SIZE);

    /// The newest sequence that surely is on the medium; the next write goes to the other slot.
    long durableSequence;

    boolean dirty;
    boolean written;

    /// Counts the writes of this page; of these, the last that has ended.
    int writes;

    int landed;
    int pins;

    /// A scrub compares its copies: who wants to write it waits until then.
    boolean held;

    @Nullable Runnable whenFree;

    /// Places (bits) whose copy was wrong when the page was loaded, and is right now; 0 once the
    /// page is written, as it is after every crash that may have torn it.
    int mended;

    ChecksumPage(int slot, long page) {
        this.slot = slot;
        this.page = page;
    }

    /// The sequence of the page in `block`, which stands at place `index` (0 or 1), or -1 if it is
    /// not one for this place: a page is where its sequence says, so one that a misdirected write
    /// left at the other place is none.
    static long sequenceOf(ByteBuffer block, int slot, long page, int index) {
        if (block.getInt(0) == 0) {
            return Blocks.isZero(block) ? 0 : -1;
        }
        boolean fits =
                block.getInt(0) == MAGIC
                        && block.getInt(4) == VERSION
                        && block.getInt(12) == slot
                        && block.getLong(24) == page * DiskLayout.ENTRIES_PER_PAGE
                        && (block.getLong(16) & 1) == index
                        && SelfChecksum.holds(block, CRC_AT, Blocks.SIZE);
        return fits ? block.getLong(16) : -1;
    }

    /// Whether `block` is left of the time when parity had its second copy here, before the disk in
    /// `slot` joined: it says as little about that disk as a blank block.
    static boolean isOfBefore(SlotRing ring, ByteBuffer block, int slot, long page, int index) {
        return ring.tookPlaceOfParity(slot)
                && block.getInt(0) != 0
                && sequenceOf(block, ring.parity(), page, index) > 0;
    }

    private static int indexOf(long dbn) {
        return ENTRY + ENTRY * (int) (dbn % DiskLayout.ENTRIES_PER_PAGE);
    }

    @Nullable ChecksumEntry get(long dbn) {
        int at = indexOf(dbn);
        boolean ours =
                bytes.getInt(at + 20) == 1
                        && bytes.getInt(at + 4) == slot
                        && bytes.getLong(at + 8) == dbn;
        return ours
                ? new ChecksumEntry(bytes.getInt(at), bytes.getInt(at + 16), bytes.getLong(at + 24))
                : null;
    }

    void put(long dbn, ChecksumEntry entry) {
        int at = indexOf(dbn);
        bytes.putInt(at, entry.crc()).putInt(at + 4, slot).putLong(at + 8, dbn);
        bytes.putInt(at + 16, entry.epochCounter()).putInt(at + 20, 1);
        bytes.putLong(at + 24, entry.cpCount());
        dirty = true;
    }

    /// Block `dbn` counts as never written from here on.
    void clear(long dbn) {
        bytes.put(indexOf(dbn), new byte[ENTRY]);
        dirty = true;
    }

    /// The sequence of what is written now: the same until a flush, so the durable slot is safe.
    long writeSequence() {
        return durableSequence + 1;
    }

    /// The slot into which it is written now.
    int writeSlot() {
        return (int) (writeSequence() & 1);
    }

    /// A copy to write, sealed.
    ByteBuffer sealed() {
        bytes.putInt(0, MAGIC).putInt(4, VERSION).putInt(12, slot);
        bytes.putLong(16, writeSequence()).putLong(24, page * DiskLayout.ENTRIES_PER_PAGE);
        SelfChecksum.seal(bytes, CRC_AT, Blocks.SIZE);
        mended = 0;
        return Parity.copy(bytes);
    }
}
