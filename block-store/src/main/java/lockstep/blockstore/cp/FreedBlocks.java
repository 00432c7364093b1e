package lockstep.blockstore.cp;

import lockstep.blockstore.io.Slices;

import org.agrona.collections.LongArrayList;

import java.util.Iterator;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/// VBNs that are freed together, by the page of the space map that describes them, so that no turn
/// of the loop has to sort them all.
final class FreedBlocks {
    private final TreeMap<Integer, LongArrayList> byPage = new TreeMap<>();
    private LongArrayList last = new LongArrayList();
    private int lastPage = -1;

    /// One more; each is added once.
    void add(long vbn) {
        int page = SpaceMap.pageOf(vbn);
        if (page != lastPage) {
            last = byPage.computeIfAbsent(page, _ -> new LongArrayList());
            lastPage = page;
        }
        last.addLong(vbn);
    }

    /// The pages that describe them, ascending.
    int[] pages() {
        return byPage.keySet().stream().mapToInt(Integer::intValue).toArray();
    }

    /// Gives each to `free`, one at a step, page by page.
    Slices.Step each(LongConsumer free) {
        Iterator<LongArrayList> pages = byPage.values().iterator();
        return new Slices.Step() {
            private LongArrayList page = new LongArrayList();
            private int next;

            @Override
            public boolean run() {
                if (next == page.size()) {
                    if (!pages.hasNext()) {
                        return false;
                    }
                    page = pages.next();
                    next = 0;
                }
                free.accept(page.getLong(next++));
                return true;
            }
        };
    }
}
