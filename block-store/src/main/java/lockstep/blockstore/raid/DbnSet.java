package lockstep.blockstore.raid;

import java.util.Map;
import java.util.TreeMap;

/// A set of stripes of one group, which are mostly long runs: each run is one entry.
final class DbnSet {
    // From the first of a run to behind its last; runs neither overlap nor touch.
    private final TreeMap<Long, Long> runs = new TreeMap<>();

    /// Adds `count` stripes from `dbn` on, some of which may be in it.
    void add(long dbn, long count) {
        long from = dbn;
        long end = dbn + count;
        Map.Entry<Long, Long> joined = runs.floorEntry(end);
        while (joined != null && joined.getValue() >= from) {
            runs.remove(joined.getKey());
            from = Math.min(from, joined.getKey());
            end = Math.max(end, joined.getValue());
            joined = runs.floorEntry(end);
        }
        runs.put(from, end);
    }

    boolean has(long dbn) {
        Map.Entry<Long, Long> run = runs.floorEntry(dbn);
        return run != null && dbn < run.getValue();
    }

    long size() {
        long sum = 0;
        for (Map.Entry<Long, Long> run : runs.entrySet()) {
            sum += run.getValue() - run.getKey();
        }
        return sum;
    }
}
