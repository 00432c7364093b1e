package lockstep.blockstore.raid;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Gathers blocks, given in the order of their dbn, into ranges for a dirty note: neighbours on one
/// disk join.
final class NotedRanges {
    private final long[] from;
    private final long[] to;
    private final List<DirtyNote.BlockRange> closed = new ArrayList<>();
    private int open;

    NotedRanges(int slots) {
        from = new long[slots];
        to = new long[slots];
        Arrays.fill(to, -1);
    }

    void add(int slot, long dbn) {
        add(slot, dbn, 1);
    }

    void add(int slot, long dbn, int count) {
        if (to[slot] != dbn) {
            close(slot);
            from[slot] = dbn;
            open++;
        }
        to[slot] = dbn + count;
    }

    private void close(int slot) {
        if (to[slot] >= 0) {
            int blocks = (int) (to[slot] - from[slot]);
            closed.add(new DirtyNote.BlockRange(slot, blocks, from[slot]));
            to[slot] = -1;
            open--;
        }
    }

    /// Ranges so far.
    int size() {
        return closed.size() + open;
    }

    /// All ranges; nothing is added afterwards.
    List<DirtyNote.BlockRange> all() {
        for (int slot = 0; slot < to.length; slot++) {
            close(slot);
        }
        return List.copyOf(closed);
    }
}
