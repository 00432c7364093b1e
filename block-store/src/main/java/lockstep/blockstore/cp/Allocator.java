package lockstep.blockstore.cp;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.block.BlockSpace.StripeSet;

import java.util.List;

/// Chooses VBNs so that parity costs least: it takes a window of stripes, the same DBNs on every
/// data disk of a group, and hands out its free blocks disk by disk, so that each disk gets one
/// long run and the stripes of the window fill up as a whole. Windows are visited in a circle; one
/// that is fuller than the volume is on average is passed over while emptier ones are left.
public final class Allocator {
    private static final int WINDOW_DBNS_MAX = 256;
    private static final int WINDOW_DBNS_MIN = 8;

    private final SpaceMap map;
    private final List<StripeSet> groups;
    private final long limit;

    private int group;
    private long dbn;
    private int depth;
    private int disk;
    private long offset;

    /// Allocates from `map`, whose VBNs lie on `groups`; VBNs from `limit` on are left alone.
    public Allocator(SpaceMap map, List<StripeSet> groups, long limit) {
        this.map = map;
        this.groups = groups;
        this.limit = limit;
    }

    /// Begins a new window, sized so that `blocks` blocks fill it.
    public void expect(long blocks) {
        int disks = groups.get(group).dataDisks();
        long wanted = (blocks + disks - 1) / disks;
        nextWindow(Math.clamp(wanted, WINDOW_DBNS_MIN, WINDOW_DBNS_MAX));
    }

    /// Takes a free VBN. There is one: room was reserved.
    public long allocate() {
        Check.that(map.free() > 0, "room for every admitted block was reserved");
        while (true) {
            StripeSet set = groups.get(group);
            while (disk < set.dataDisks()) {
                long first = set.firstVbn() + disk * set.dbnCount() + dbn;
                while (offset < depth) {
                    long vbn = first + offset++;
                    if (vbn < limit && !map.isUsed(vbn)) {
                        map.take(vbn);
                        return vbn;
                    }
                }
                disk++;
                offset = 0;
            }
            nextWindow(Math.max(depth, WINDOW_DBNS_MIN));
        }
    }

    /// Moves on to the next window that is no fuller than the average; after a whole circle, to any
    /// that has room.
    private void nextWindow(int wantedDepth) {
        long windows = 0;
        long circle = circleLength(wantedDepth);
        while (true) {
            advance(wantedDepth);
            windows++;
            long used = usedInWindow();
            long size = (long) depth * groups.get(group).dataDisks();
            boolean emptyEnough = used * map.size() <= map.used() * size;
            if (used < size && (emptyEnough || windows > circle)) {
                return;
            }
            Check.that(windows <= 2 * circle + 2, "a free VBN is found", windows, map.free());
        }
    }

    private void advance(int wantedDepth) {
        dbn += depth;
        if (dbn >= groups.get(group).dbnCount()) {
            dbn = 0;
            group = (group + 1) % groups.size();
        }
        depth = (int) Math.min(wantedDepth, groups.get(group).dbnCount() - dbn);
        disk = 0;
        offset = 0;
    }

    private long usedInWindow() {
        StripeSet set = groups.get(group);
        long used = 0;
        for (int i = 0; i < set.dataDisks(); i++) {
            long first = set.firstVbn() + i * set.dbnCount() + dbn;
            long inside = Math.clamp(limit - first, 0, depth);
            used += depth - inside + map.usedIn(first, (int) inside);
        }
        return used;
    }

    private long circleLength(int wantedDepth) {
        long windows = 0;
        for (StripeSet set : groups) {
            windows += set.dbnCount() / wantedDepth + 2;
        }
        return windows;
    }
}
