package lockstep.blockstore.volume;

import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/// A set of VBNs of a volume of any size: a page of bits for each stretch in which there are some.
final class VbnSet {
    private static final int PAGE_SHIFT = 15;
    private static final int WORDS = 1 << (PAGE_SHIFT - 6);

    private final Long2ObjectHashMap<long[]> pages = new Long2ObjectHashMap<>();
    private long lastIndex = -1;
    private long @Nullable [] last;

    /// Puts `vbn` in; false if it is there already.
    boolean add(long vbn) {
        long[] page = page(vbn);
        if (page == null) {
            page = new long[WORDS];
            pages.put(vbn >>> PAGE_SHIFT, page);
            last = page;
        }
        int word = (int) (vbn >>> 6) & (WORDS - 1);
        boolean fresh = (page[word] & (1L << vbn)) == 0;
        page[word] |= 1L << vbn;
        return fresh;
    }

    boolean has(long vbn) {
        long[] page = page(vbn);
        return page != null && (page[(int) (vbn >>> 6) & (WORDS - 1)] & (1L << vbn)) != 0;
    }

    private long @Nullable [] page(long vbn) {
        long index = vbn >>> PAGE_SHIFT;
        if (index != lastIndex) {
            lastIndex = index;
            last = pages.get(index);
        }
        return last;
    }
}
