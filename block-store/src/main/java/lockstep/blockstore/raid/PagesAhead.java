package lockstep.blockstore.raid;

import lockstep.blockstore.disk.DiskLayout;

import java.util.ArrayDeque;
import java.util.List;

/// Has the checksum pages loaded that the chunks of a stream will need, before they begin, so that
/// none of them waits for its pages first, and neighbouring pages with one request.
final class PagesAhead {
    // So many pages before they are wanted at most.
    private static final int FURTHEST = 2 * PageSpan.MAXIMUM;

    private final ChecksumStore checksums;
    private final ArrayDeque<List<StripeChunk.Put>> left;
    // Pages before it are loaded, or not wanted.
    private long loadedTo;
    private long from;

    /// For `parts` in the order of their stripes.
    PagesAhead(ChecksumStore checksums, List<List<StripeChunk.Put>> parts) {
        this.checksums = checksums;
        this.left = new ArrayDeque<>(parts);
    }

    private static long page(long dbn) {
        return dbn / DiskLayout.ENTRIES_PER_PAGE;
    }

    /// The chunk whose first stripe is `dbn` is about to begin.
    void loadFrom(long dbn) {
        long now = page(dbn);
        if (now + PageSpan.MAXIMUM <= loadedTo) {
            return;
        }
        from = loadedTo;
        while (!left.isEmpty() && page(left.getFirst().getFirst().dbn()) < now + FURTHEST) {
            List<StripeChunk.Put> part = left.removeFirst();
            add(page(part.getFirst().dbn()), page(part.getLast().dbn()) + 1);
        }
        load();
    }

    private void add(long first, long end) {
        // Pages that stand together are read together.
        boolean together = (end - 1) / PageSpan.MAXIMUM == from / PageSpan.MAXIMUM;
        boolean joins = first <= loadedTo && together;
        if (!joins) {
            load();
            loadedTo = Math.max(first, loadedTo);
            from = loadedTo;
        }
        loadedTo = Math.max(end, loadedTo);
    }

    private void load() {
        if (loadedTo > from) {
            checksums.ahead(from, (int) (loadedTo - from), () -> {});
        }
        from = loadedTo;
    }
}
