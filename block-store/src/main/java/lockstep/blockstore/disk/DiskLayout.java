package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

/// Where things stand on a disk. The one place that knows; all numbers are 4 KiB blocks from the
/// start of the device; the label carries the version:
///
/// ```
///      0  label          slot A, slot B                1 block each   (2..7 unused)
///      8  copy state     slot A, slot B                1 block each   (10..11 unused)
///     12  scrub          slot A, slot B                1 block each   (14..15 unused)
///     16  superblock     slot A, slot B                5 blocks each  (26..31 unused)
///     32  dirty note     slot A, slot B                8 blocks each
///     48  partial parity slot A, slot B                1 header + 128 blocks each
///    306  (unused up to 320)
///    320  own checksums        by 16 pages: slots A, then slots B, 1 block each
///         neighbour checksums  the same
///   data  dbn 0 .. dbnCount-1
/// ```
///
/// Every area but the data has two slots, and a writer never overwrites the newest durable one, so
/// a torn write spoils nothing that counts. One checksum page covers [#ENTRIES_PER_PAGE] blocks.
/// The same slots of `pagesTogether` pages stand together, so that neighbouring pages that change
/// together are written with one request; on older disks it is one.
public record DiskLayout(long dbnCount, int pagesTogether) {
    /// Pages whose slots stand together on disks that are formatted now.
    public static final int PAGES_TOGETHER = 16;

    /// Blocks of one dirty note.
    public static final int NOTE_BLOCKS = 8;

    /// Blocks whose content fits one slot of the partial-parity area.
    public static final int PARTIAL_PARITY_BLOCKS = 128;

    /// Checksum entries in one page.
    public static final int ENTRIES_PER_PAGE = 127;

    /// Blocks that a disk has at least.
    public static final int LEAST_BLOCKS = 320 + 16;

    private static final int LABEL = 0;
    private static final int NOTE = 32;
    private static final int PARTIAL_PARITY = 48;
    private static final int CHECKSUMS = 320;

    public DiskLayout {
        Check.that(dbnCount > 0, "a disk has blocks");
        Check.that(pagesTogether > 0, "checksum pages have places");
    }

    /// The layout of a disk that is formatted now.
    public DiskLayout(long dbnCount) {
        this(dbnCount, PAGES_TOGETHER);
    }

    /// The layout with the most data blocks that fits a device of `deviceBytes`, or of 0 blocks too
    /// little to be a disk: then null is not returned, [#fits] tells beforehand.
    public static DiskLayout fitting(long deviceBytes) {
        Check.that(fits(deviceBytes), "a disk is large enough for its own records");
        long free = Blocks.containing(deviceBytes) - CHECKSUMS;
        long dbns = free * ENTRIES_PER_PAGE / (ENTRIES_PER_PAGE + 4);
        while (new DiskLayout(dbns).deviceBlocks() > CHECKSUMS + free) {
            dbns--;
        }
        return new DiskLayout(dbns);
    }

    /// Whether a device of `deviceBytes` has room for the records and a little data.
    public static boolean fits(long deviceBytes) {
        return Blocks.containing(deviceBytes) >= LEAST_BLOCKS;
    }

    /// Checksum pages for all data blocks.
    public long pages() {
        return (dbnCount + ENTRIES_PER_PAGE - 1) / ENTRIES_PER_PAGE;
    }

    /// Blocks of the device in use.
    public long deviceBlocks() {
        return dataStart() + dbnCount;
    }

    static long label(int slot) {
        return (long) LABEL + slot;
    }

    /// First block of a record slot.
    static long record(RecordArea area, int slot) {
        return area.firstBlock() + (long) slot * area.slotBlocks();
    }

    /// First block of a dirty note.
    public static long note(int slot) {
        return NOTE + (long) slot * NOTE_BLOCKS;
    }

    /// The header block of a partial-parity slot; the contents follow it.
    public static long partialParity(int slot) {
        return PARTIAL_PARITY + (long) slot * (1 + PARTIAL_PARITY_BLOCKS);
    }

    /// The checksum page `page` of this disk's own blocks, or of the previous disk's.
    public long checksumPage(boolean neighbour, long page, int slot) {
        long first = page / pagesTogether * pagesTogether;
        // Of the last ones there may be fewer.
        long together = Math.min(pagesTogether, pages() - first);
        long area = CHECKSUMS + (neighbour ? 2 * pages() : 0);
        return area + 2 * first + slot * together + page - first;
    }

    /// Of `count` pages from `page` on, the first ones whose same slots stand side by side.
    public int neighbours(long page, int count) {
        long end = (page / pagesTogether + 1) * pagesTogether;
        return (int) Math.min(count, end - page);
    }

    /// The block of the device that is dbn 0.
    public long dataStart() {
        return CHECKSUMS + 4 * pages();
    }
}
