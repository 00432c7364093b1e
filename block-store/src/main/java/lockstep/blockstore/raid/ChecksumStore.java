package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// The checksum entries of one group's blocks. Each page stands on its own disk and on the next one
/// (the last disk's next is the first), in two slots each. Between two flushes a page is written to
/// one slot only, the other holds what was durable: a torn write never spoils a live entry.
///
/// Pages are loaded on demand and kept, the oldest unused ones go first; a page that is pinned,
/// changed or not yet flushed stays. Where the two places differ the higher sequence wins and is
/// copied over the other.
final class ChecksumStore {
    private static final int PAGES_KEPT = 4096;

    // Together they keep the disks busy, and each slice of the loop below a millisecond.
    private static final int LANES = 4;
    private static final int PAGES_OF_A_LANE = 32;

    private record Key(int slot, long page) {}

    private final GroupDisks disks;
    private final LinkedHashMap<Key, ChecksumPage> pages = new LinkedHashMap<>();
    // Those of `pages` that may go, the longest unused first.
    private final LinkedHashMap<Key, ChecksumPage> idle = new LinkedHashMap<>();
    private final List<ChecksumPage> dirty = new ArrayList<>();
    private final List<ChecksumPage> written = new ArrayList<>();
    private final LinkedHashMap<Key, List<IoCompletion>> loading = new LinkedHashMap<>();

    ChecksumStore(GroupDisks disks) {
        this.disks = disks;
    }

    /// Makes the entries of `count` stripes usable until [#unpin].
    void pin(long dbn, long count, IoCompletion done) {
        List<Key> pinned = new ArrayList<>();
        Together together =
                new Together(
                        fault -> {
                            if (fault != null) {
                                pinned.forEach(this::unpinPage);
                            }
                            done.ended(fault);
                        });
        for (int slot = 0; slot < disks.slots(); slot++) {
            for (long page = first(dbn); page <= first(dbn + count - 1); page++) {
                Key key = new Key(slot, page);
                IoCompletion one = together.one();
                pinPage(
                        key,
                        fault -> {
                            if (fault == null) {
                                pinned.add(key);
                            }
                            one.ended(fault);
                        });
            }
        }
        together.start();
    }

    void unpin(long dbn, long count) {
        for (int slot = 0; slot < disks.slots(); slot++) {
            for (long page = first(dbn); page <= first(dbn + count - 1); page++) {
                unpinPage(new Key(slot, page));
            }
        }
    }

    private void unpinPage(Key key) {
        ChecksumPage held = pages.get(key);
        Check.that(held != null && held.pins > 0, "a page is unpinned as often as pinned");
        if (held != null) {
            held.pins--;
            settle(key, held);
        }
    }

    private static long first(long dbn) {
        return dbn / DiskLayout.ENTRIES_PER_PAGE;
    }

    private void pinPage(Key key, IoCompletion done) {
        ChecksumPage page = pages.get(key);
        if (page != null) {
            page.pins++;
            idle.remove(key);
            done.ended(null);
            return;
        }
        List<IoCompletion> waiting = loading.get(key);
        if (waiting != null) {
            waiting.add(done);
            return;
        }
        List<IoCompletion> first = new ArrayList<>(List.of(done));
        loading.put(key, first);
        new PageLoad(disks, key.slot(), key.page())
                .run(
                        (loaded, fault) -> {
                            loading.remove(key);
                            if (loaded != null) {
                                loaded.pins = first.size();
                                pages.put(key, loaded);
                            }
                            first.forEach(one -> one.ended(fault));
                        });
    }

    // A page that nobody holds and that is durable may go.
    private void settle(Key key, ChecksumPage page) {
        if (page.pins == 0 && !page.dirty && !page.written) {
            idle.put(key, page);
        }
        while (pages.size() > PAGES_KEPT && !idle.isEmpty()) {
            Key oldest = idle.firstEntry().getKey();
            idle.remove(oldest);
            pages.remove(oldest);
        }
    }

    private ChecksumPage pinned(int slot, long dbn) {
        ChecksumPage page = pages.get(new Key(slot, first(dbn)));
        if (page == null) {
            throw new IllegalStateException("checksum page of dbn " + dbn + " is not pinned");
        }
        return page;
    }

    /// What a block must contain; null if it was never written and so is zeros.
    @Nullable ChecksumEntry get(int slot, long dbn) {
        return pinned(slot, dbn).get(dbn);
    }

    void put(int slot, long dbn, ChecksumEntry entry) {
        ChecksumPage page = pinned(slot, dbn);
        if (!page.dirty) {
            dirty.add(page);
        }
        page.put(dbn, entry);
    }

    /// Writes all changed pages to both their places, some at a time.
    void writeDirty(IoCompletion done) {
        ArrayDeque<ChecksumPage> waiting = new ArrayDeque<>(dirty);
        dirty.clear();
        Together lanes = new Together(done);
        for (int lane = 0; lane < LANES; lane++) {
            writeLane(waiting, lanes.one());
        }
        lanes.start();
    }

    private void writeLane(ArrayDeque<ChecksumPage> waiting, IoCompletion done) {
        if (waiting.isEmpty()) {
            done.ended(null);
            return;
        }
        Together some =
                new Together(
                        fault -> {
                            if (fault != null) {
                                done.ended(fault);
                            } else {
                                writeLane(waiting, done);
                            }
                        });
        for (int i = 0; i < PAGES_OF_A_LANE && !waiting.isEmpty(); i++) {
            writePage(waiting.removeFirst(), some);
        }
        some.start();
    }

    private void writePage(ChecksumPage page, Together together) {
        if (page.held) {
            IoCompletion one = together.one();
            page.whenFree =
                    () -> {
                        Together now = new Together(one);
                        writePage(page, now);
                        now.start();
                    };
            return;
        }
        ByteBuffer sealed = page.sealed();
        int at = (int) (page.writeSequence() & 1);
        page.dirty = false;
        if (!page.written) {
            page.written = true;
            written.add(page);
        }
        for (int place = 0; place < 2; place++) {
            disks.write(
                    (page.slot + place) % disks.slots(),
                    disks.layout().checksumPage(place == 1, page.page, at),
                    List.of(sealed.duplicate()),
                    together.one());
        }
    }

    /// Whether a new entry may be put outside of a consistency point: not while the page is written
    /// and not flushed, because its next write would share the sequence.
    boolean canStamp(int slot, long dbn) {
        return !pinned(slot, dbn).written;
    }

    /// The pinned page, which nobody writes until [#free]; null if it is being changed.
    @Nullable ChecksumPage hold(int slot, long page) {
        ChecksumPage held = pages.get(new Key(slot, page));
        if (held == null || held.dirty || held.written || held.held) {
            return null;
        }
        held.held = true;
        return held;
    }

    /// Ends [#hold].
    void free(ChecksumPage held) {
        Runnable waiting = held.whenFree;
        held.held = false;
        held.whenFree = null;
        if (waiting != null) {
            waiting.run();
        }
    }

    /// Everything written so far has been flushed.
    void flushed() {
        for (ChecksumPage page : written) {
            page.written = false;
            page.durableSequence++;
            settle(new Key(page.slot, page.page), page);
        }
        written.clear();
    }

    /// Takes a page, or the reason why there is none.
    interface Loaded {
        void ended(@Nullable ChecksumPage page, @Nullable IoFault fault);
    }

    /// Reads one page from both its places and makes them agree.
    private record PageLoad(GroupDisks disks, int slot, long page) {
        void run(Loaded done) {
            @Nullable ByteBuffer[] places = new @Nullable ByteBuffer[2];
            Together together = new Together(_ -> choose(places, done));
            for (int place = 0; place < 2; place++) {
                int holder = (slot + place) % disks.slots();
                if (disks.live(holder)) {
                    readPlace(holder, place, places, together.one());
                }
            }
            together.start();
        }

        private void readPlace(
                int holder, int place, @Nullable ByteBuffer[] places, IoCompletion one) {
            ByteBuffer both = ByteBuffer.allocate(2 * Blocks.SIZE);
            disks.read(
                    holder,
                    disks.layout().checksumPage(place == 1, page, 0),
                    List.of(both.duplicate()),
                    fault -> {
                        places[place] = fault == null ? both : null;
                        one.ended(null);
                    });
        }

        private long newest(@Nullable ByteBuffer both) {
            if (both == null) {
                return -1;
            }
            long a = ChecksumPage.sequenceOf(both.slice(0, Blocks.SIZE), slot, page, 0);
            long b = ChecksumPage.sequenceOf(both.slice(Blocks.SIZE, Blocks.SIZE), slot, page, 1);
            return Math.max(a, b);
        }

        private void choose(@Nullable ByteBuffer[] places, Loaded done) {
            long own = newest(places[0]);
            long other = newest(places[1]);
            ByteBuffer both = own >= other ? places[0] : places[1];
            long sequence = Math.max(own, other);
            if (both == null || sequence < 0) {
                String what = "checksums of slot " + slot + " page " + page;
                String name = "group " + disks.index();
                done.ended(null, new IoFault(name, "read", what + " are lost in both places"));
                return;
            }
            ChecksumPage loaded = new ChecksumPage(slot, page);
            for (int place = 0; place < 2; place++) {
                boolean wrong = (place == 0 ? own : other) < sequence;
                if (wrong) {
                    disks.countBad((slot + place) % disks.slots(), places[place] != null);
                    loaded.mended |= 1 << place;
                }
            }
            int from = sequence == 0 ? blankSlot(both) : (int) (sequence & 1);
            loaded.bytes = Parity.copy(both.slice(from * Blocks.SIZE, Blocks.SIZE));
            loaded.durableSequence = sequence;
            Together agreed =
                    new Together(fault -> done.ended(fault == null ? loaded : null, fault));
            if (sequence > 0) {
                for (int place = 0; place < 2; place++) {
                    int holder = (slot + place) % disks.slots();
                    if ((place == 0 ? own : other) < sequence && disks.live(holder)) {
                        disks.write(
                                holder,
                                disks.layout().checksumPage(place == 1, page, from),
                                List.of(Parity.copy(loaded.bytes)),
                                agreed.one());
                    }
                }
            }
            agreed.start();
        }

        private int blankSlot(ByteBuffer both) {
            return ChecksumPage.sequenceOf(both.slice(0, Blocks.SIZE), slot, page, 0) == 0 ? 0 : 1;
        }
    }
}
