package lockstep.blockstore.cp;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.block.BlockSpace.StripeSet;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.Slices;

import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Chooses VBNs so that parity costs least: it takes a window of stripes, the same DBNs on every
/// data disk of a group, and hands out free blocks of it disk by disk, so that each disk gets long
/// runs and the stripes of the window fill up as a whole. Windows are visited in a circle. Of one
/// with many stripes that are wholly free only those are taken: parity of a stripe that is partly
/// used needs reads of what is in it, single blocks all over the disks. Where there are none such
/// among some windows, all free blocks of one are taken that is no fuller than the volume is on
/// average, and after a whole circle, of any.
///
/// Looking for room may read pages of the space map, so VBNs are set aside beforehand ([#prepare])
/// and then handed out at once ([#allocate]). What was set aside and not needed goes back before
/// the map is written ([#giveBack]).
public final class Allocator {
    private static final int WINDOW_DBNS_MAX = 256;
    private static final int WINDOW_DBNS_MIN = 8;
    private static final int WINDOWS_OF_A_SLICE = 64;

    /// Windows that are looked at for stripes that are wholly free, before one is taken as it is.
    private static final int PATIENCE = 16;

    private final SpaceMap map;
    private final SpacePages pages;
    private final EventLoop loop;
    private List<StripeSet> groups;
    private long limit;
    private final LongArrayList ready = new LongArrayList();
    private int handedOut;
    private int wantedDepth = WINDOW_DBNS_MIN;
    private int group;
    private StripeWindow window;
    private int disk;
    private int offset;

    /// Stripes of the window at hand that blocks are taken from; null while it is only the next to
    /// look at.
    private @Nullable BitSet chosen;

    private long passedOver;

    /// Allocates from `map`, whose VBNs lie on `groups`; VBNs from `limit` on are left alone.
    public Allocator(
            SpaceMap map, SpacePages pages, EventLoop loop, List<StripeSet> groups, long limit) {
        this.map = map;
        this.pages = pages;
        this.loop = loop;
        this.groups = groups;
        this.limit = limit;
        this.window = windowAt(0);
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
            BitSet stripes = chosen;
            if (stripes != null) {
                takeFrom(stripes, target);
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

    private void takeFrom(BitSet stripes, long target) {
        for (; disk < window.set().dataDisks(); disk++, offset = 0) {
            for (; offset < window.depth(); offset++) {
                if (ready.size() >= target) {
                    return;
                }
                long vbn = window.vbn(disk, offset);
                if (stripes.get(offset) && vbn < window.limit() && !map.isUsed(vbn)) {
                    map.take(vbn);
                    ready.addLong(vbn);
                }
            }
        }
    }

    private void judge() {
        chosen = stripesToTake();
        if (chosen != null) {
            passedOver = 0;
            return;
        }
        passedOver++;
        long circle = circleLength();
        Check.that(passedOver <= 2 * circle + 2, "a free VBN is found", passedOver, map.free());
        advance();
    }

    // Null to pass the window over; otherwise at least one of them has a free block.
    private @Nullable BitSet stripesToTake() {
        long used = window.used(map);
        if (used == 0) {
            return window.all();
        }
        // Half of the stripes can only be free where half of the blocks are.
        BitSet whole = 2 * used <= window.size() ? window.wholeStripes(map) : new BitSet();
        if (2 * whole.cardinality() >= window.depth()) {
            return whole;
        }
        boolean asEmptyAsOthers = used * map.size() <= map.used() * window.size();
        boolean taken =
                used < window.size()
                        && (passedOver >= PATIENCE && asEmptyAsOthers
                                || passedOver > circleLength());
        return taken ? window.all() : null;
    }

    private void advance() {
        long next = window.dbn() + window.depth();
        if (next >= groups.get(group).dbnCount()) {
            next = 0;
            group = (group + 1) % groups.size();
        }
        window = windowAt(next);
        disk = 0;
        offset = 0;
        chosen = null;
    }

    private StripeWindow windowAt(long dbn) {
        StripeSet set = groups.get(group);
        int depth = (int) Math.min(wantedDepth, set.dbnCount() - dbn);
        return new StripeWindow(set, dbn, depth, limit);
    }

    private int[] missingPages() {
        return IntStream.of(window.pages()).filter(page -> !map.isResident(page)).toArray();
    }

    private long circleLength() {
        long windows = 0;
        for (StripeSet set : groups) {
            windows += set.dbnCount() / wantedDepth + 2;
        }
        return windows;
    }
}
