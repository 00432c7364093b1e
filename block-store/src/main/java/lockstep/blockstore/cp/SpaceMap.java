package lockstep.blockstore.cp;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.BitSet;

/// Which VBNs are used: one bit each, 32768 in a page, which is a block on disk. A VBN is used
/// while the active image, a pin, or a dead list that guards a pin needs it. VBN 0 is always used,
/// so that a pointer of zeros is a hole. A page that is a hole describes free VBNs.
///
/// Only pages that are asked for are in memory ([SpacePages] brings them), so a volume opens at
/// once and needs no memory by its size. A page that has changed stays until it is written and
/// committed.
public final class SpaceMap {
    /// VBNs that one page describes.
    public static final int VBNS_PER_PAGE = Blocks.SIZE * Byte.SIZE;

    private static final int WORDS_PER_PAGE = Blocks.SIZE / Long.BYTES;
    private static final int PAGES_KEPT = 4096;

    private static final class Page {
        final long[] words = new long[WORDS_PER_PAGE];
        long touched;
    }

    private long size;
    private final Int2ObjectHashMap<Page> pages = new Int2ObjectHashMap<>();
    private final BitSet changed = new BitSet();
    private long used;
    private long clock;
    private int lastIndex = -1;
    private @Nullable Page last;

    /// The map of `size` VBNs of which `used` are in use, VBN 0 included.
    public SpaceMap(long size, long used) {
        this.size = size;
        this.used = used;
    }

    /// There are `newSize` VBNs: those that are new are free, and whatever pages describe them are
    /// holes until one is taken.
    void grow(long newSize) {
        Check.that(newSize >= size, "a volume only grows", size, newSize);
        size = newSize;
    }

    /// Pages needed for `size` VBNs.
    public static int pages(long size) {
        return Math.toIntExact((size + VBNS_PER_PAGE - 1) / VBNS_PER_PAGE);
    }

    /// The page that describes `vbn`.
    public static int pageOf(long vbn) {
        return (int) (vbn / VBNS_PER_PAGE);
    }

    /// VBNs in all.
    public long size() {
        return size;
    }

    /// VBNs in use; `used + free = size` (invariant 9).
    public long used() {
        return used;
    }

    /// VBNs that are free.
    public long free() {
        return size - used;
    }

    /// Whether page `index` is in memory.
    boolean isResident(int index) {
        return pages.containsKey(index);
    }

    /// Whether `vbn`, whose page is in memory, is in use.
    public boolean isUsed(long vbn) {
        return (page(pageOf(vbn)).words[word(vbn)] & (1L << vbn)) != 0;
    }

    /// Uses a free VBN, whose page is in memory.
    public void take(long vbn) {
        Check.that(vbn >= 0 && vbn < size, "a VBN lies inside the volume", vbn, size);
        Check.that(!isUsed(vbn), "only a free VBN is allocated", vbn, size);
        flip(vbn);
        used++;
    }

    /// Frees a used VBN, whose page is in memory.
    public void give(long vbn) {
        Check.that(vbn > 0 && vbn < size, "a VBN lies inside the volume", vbn, size);
        Check.that(isUsed(vbn), "only a used VBN is freed", vbn, size);
        flip(vbn);
        used--;
    }

    /// Used VBNs among `count` from `first`, whose pages are in memory.
    public int usedIn(long first, int count) {
        int sum = 0;
        for (long vbn = first; vbn < first + count; vbn = nextWord(vbn)) {
            sum += Long.bitCount(usedInWord(vbn, first + count));
        }
        return sum;
    }

    /// Clears in `free` what is used among `count` VBNs from `first`, whose pages are in memory:
    /// bit 0 stands for `first`.
    void clearUsed(long first, int count, BitSet free) {
        for (long vbn = first; vbn < first + count; vbn = nextWord(vbn)) {
            for (long bits = usedInWord(vbn, first + count); bits != 0; bits &= bits - 1) {
                free.clear((int) (vbn - first) + Long.numberOfTrailingZeros(bits));
            }
        }
    }

    private static long nextWord(long vbn) {
        return (vbn | 63) + 1;
    }

    // One bit for each VBN from `vbn` to the end of its word or to `end`.
    private long usedInWord(long vbn, long end) {
        long bits = page(pageOf(vbn)).words[word(vbn)] >>> vbn;
        long count = Math.min(nextWord(vbn), end) - vbn;
        return count == Long.SIZE ? bits : bits & (1L << count) - 1;
    }

    /// The next page at or after `from` that has changed since it was last written, or -1.
    int nextChanged(int from) {
        return changed.nextSetBit(from);
    }

    /// Copies page `index` out; from here on it counts as unchanged.
    void write(int index, ByteBuffer into) {
        long[] words = page(index).words;
        for (int i = 0; i < WORDS_PER_PAGE; i++) {
            into.putLong(i * Long.BYTES, words[i]);
        }
        changed.clear(index);
    }

    /// Page `index` came from disk: its block, or null for a hole.
    void arrived(int index, @Nullable ByteBuffer borrowed) {
        Check.that(!isResident(index), "a page is read when it is not in memory", index, 0);
        Page page = new Page();
        if (borrowed != null) {
            for (int i = 0; i < WORDS_PER_PAGE; i++) {
                page.words[i] = borrowed.getLong(i * Long.BYTES);
            }
        } else if (index == 0) {
            page.words[0] = 1;
        }
        pages.put(index, page);
    }

    /// What is in memory is committed: pages beyond those that are kept go, the longest unused
    /// first.
    void committed() {
        Check.that(changed.isEmpty(), "every changed page was written");
        int excess = pages.size() - PAGES_KEPT;
        if (excess <= 0) {
            return;
        }
        long[] ages = new long[pages.size()];
        int[] count = {0};
        pages.values().forEach(page -> ages[count[0]++] = page.touched);
        java.util.Arrays.sort(ages);
        long oldestKept = ages[excess];
        pages.values().removeIf(page -> page.touched < oldestKept);
        lastIndex = -1;
    }

    private void flip(long vbn) {
        int index = pageOf(vbn);
        page(index).words[word(vbn)] ^= 1L << vbn;
        changed.set(index);
    }

    private static int word(long vbn) {
        return (int) (vbn % VBNS_PER_PAGE) >> 6;
    }

    private Page page(int index) {
        Page known = index == lastIndex ? last : pages.get(index);
        if (known == null) {
            throw new lockstep.blockstore.base.BrokenInvariant(
                    "page " + index + " of the space map is in memory when it is used");
        }
        if (index != lastIndex) {
            known.touched = ++clock;
            lastIndex = index;
            last = known;
        }
        return known;
    }
}
