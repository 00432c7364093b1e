package lockstep.blockstore.cp;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.block.BlockSpace.StripeSet;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.Slices;

import org.agrona.collections.LongArrayList;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/// Chooses VBNs so that parity costs least: it takes a window of stripes, the same DBNs on every
/// data disk of a group, and hands out its free blocks disk by disk, so that each disk gets one
/// long run and the stripes of the window fill up as a whole. Windows are visited in a circle; one
/// that is fuller than the volume is on average is passed over while emptier ones are left.
///
/// Looking for room may read pages of the space map, so VBNs are set aside beforehand ([#prepare])
/// and then handed out at once ([#allocate]). What was set aside and not needed goes back before
/// the map is written ([#giveBack]).
public final class Allocator {
    private static final int WINDOW_DBNS_MAX = 256;
    private static final int WINDOW_DBNS_MIN = 8;
    private static final int WINDOWS_OF_A_SLICE = 64;

    private final SpaceMap map;
    private final SpacePages pages;
    private final EventLoop loop;
    private List<StripeSet> groups;
    private long limit;
    private final LongArrayList ready = new LongArrayList();
    private int handedOut;
    private int wantedDepth = WINDOW_DBNS_MIN;
    private int group;
    private long dbn;
    private int depth;
    private int disk;
    private long offset;

    /// Whether the window at hand was judged empty enough; else it is only the next to look at.
    private boolean chosen;

    private long passedOver;

    /// Allocates from `map`, whose VBNs lie on `groups`; VBNs from `limit` on are left alone.
    public Allocator(
            SpaceMap map, SpacePages pages, EventLoop loop, List<StripeSet> groups, long limit) {
        this.map = map;
        this.pages = pages;
        this.loop = loop;
        this.groups = groups;
        this.limit = limit;
    }

    /// The volume has grown: VBNs up to `newLimit` may be handed out, and lie on `newGroups`. While
    /// nothing is set aside, and before [#expect].
    void grow(List<StripeSet> newGroups, long newLimit) {
        Check.that(handedOut == ready.size(), "nothing is set aside while a volume grows");
        Check.that(newLimit >= limit, "a volume only grows", limit, newLimit);
        groups = newGroups;
        limit = newLimit;
        passedOver = 0;
    }

    /// Begins a new window, sized so that `blocks` blocks fill it.
    void expect(long blocks) {
        int disks = groups.get(group).dataDisks();
        long wanted = (blocks + disks - 1) / disks;
        wantedDepth = Math.clamp(wanted, WINDOW_DBNS_MIN, WINDOW_DBNS_MAX);
        advance();
    }

    /// Takes a VBN that was set aside.
    long allocate() {
        Check.that(handedOut < ready.size(), "room for every block was prepared");
        return ready.getLong(handedOut++);
    }

    /// Sets VBNs aside until `blocks` can be handed out (there are as many: room was reserved),
    /// then calls `done`, inside the call or later: with false if a page of the map cannot be read.
    void prepare(long blocks, Consumer<Boolean> done) {
        if (handedOut == ready.size()) {
            ready.clear();
            handedOut = 0;
        }
        long missing = Math.min(blocks - (ready.size() - handedOut), map.free());
        new Search(ready.size() + missing, done).scan();
    }

    /// Frees what was set aside and not handed out.
    void giveBack() {
        while (handedOut < ready.size()) {
            map.give(ready.getLong(handedOut++));
        }
    }

    /// Looks for room, window by window; yields to the loop now and then, and while pages are read.
    private final class Search {
        private final long target;
        private final Consumer<Boolean> done;
        private boolean scanning;
        private boolean reading;
        private boolean lost;

        Search(long target, Consumer<Boolean> done) {
            this.target = target;
            this.done = done;
        }

        void scan() {
            scanning = true;
            Slices.run(loop, WINDOWS_OF_A_SLICE, this::step, this::scanned);
        }

        private boolean step() {
            if (ready.size() >= target || reading || lost) {
                return false;
            }
            if (chosen) {
                takeFrom(target);
                if (ready.size() < target) {
                    advance();
                }
                return true;
            }
            int[] missing = missingPages();
            if (missing.length > 0) {
                reading = true;
                pages.need(missing, this::arrived);
            } else {
                judge();
            }
            return true;
        }

        private void scanned() {
            scanning = false;
            if (!reading) {
                done.accept(!lost);
            }
        }

        private void arrived(boolean whole) {
            reading = false;
            lost = !whole;
            if (!scanning) {
                scan();
            }
        }
    }

    private void takeFrom(long target) {
        StripeSet set = groups.get(group);
        while (disk < set.dataDisks()) {
            long first = set.vbn(disk, dbn);
            while (offset < depth) {
                if (ready.size() >= target) {
                    return;
                }
                long vbn = first + offset++;
                if (vbn < limit && !map.isUsed(vbn)) {
                    map.take(vbn);
                    ready.addLong(vbn);
                }
            }
            disk++;
            offset = 0;
        }
    }

    /// Chooses the window at hand if it is no fuller than the average, or, after a whole circle, if
    /// it has any room; else moves on.
    private void judge() {
        long used = usedInWindow();
        long size = (long) depth * groups.get(group).dataDisks();
        boolean emptyEnough = used * map.size() <= map.used() * size;
        long circle = circleLength();
        if (used < size && (emptyEnough || passedOver > circle)) {
            chosen = true;
            passedOver = 0;
            return;
        }
        passedOver++;
        Check.that(passedOver <= 2 * circle + 2, "a free VBN is found", passedOver, map.free());
        advance();
    }

    private void advance() {
        dbn += depth;
        if (dbn >= groups.get(group).dbnCount()) {
            dbn = 0;
            group = (group + 1) % groups.size();
        }
        depth = (int) Math.min(wantedDepth, groups.get(group).dbnCount() - dbn);
        disk = 0;
        offset = 0;
        chosen = false;
    }

    private int[] missingPages() {
        StripeSet set = groups.get(group);
        SortedSet<Integer> missing = new TreeSet<>();
        for (int i = 0; i < set.dataDisks(); i++) {
            long first = set.vbn(i, dbn);
            long end = Math.min(first + depth, limit);
            for (long vbn = first; vbn < end; vbn += SpaceMap.VBNS_PER_PAGE) {
                addIfMissing(missing, vbn);
            }
            if (first < end) {
                addIfMissing(missing, end - 1);
            }
        }
        return missing.stream().mapToInt(Integer::intValue).toArray();
    }

    private void addIfMissing(SortedSet<Integer> missing, long vbn) {
        int page = SpaceMap.pageOf(vbn);
        if (!map.isResident(page)) {
            missing.add(page);
        }
    }

    private long usedInWindow() {
        StripeSet set = groups.get(group);
        long used = 0;
        for (int i = 0; i < set.dataDisks(); i++) {
            long first = set.vbn(i, dbn);
            long inside = Math.clamp(limit - first, 0, depth);
            used += depth - inside + map.usedIn(first, (int) inside);
        }
        return used;
    }

    private long circleLength() {
        long windows = 0;
        for (StripeSet set : groups) {
            windows += set.dbnCount() / wantedDepth + 2;
        }
        return windows;
    }
}
