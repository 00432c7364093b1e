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
import java.util.ArrayList;
import java.util.Iterator;
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

    private record Key(int slot, long page) {}

    private final GroupDisks disks;
    private final LinkedHashMap<Key, ChecksumPage> pages = new LinkedHashMap<>(64, 0.75f, true);
    private final LinkedHashMap<Key, List<IoCompletion>> loading = new LinkedHashMap<>();

    ChecksumStore(GroupDisks disks) {
        this.disks = disks;
    }

    /// Makes the entries of `count` stripes usable until [#unpin].
    void pin(long dbn, long count, IoCompletion done) {
        Together together = new Together(done);
        for (int slot = 0; slot < disks.slots(); slot++) {
            for (long page = first(dbn); page <= first(dbn + count - 1); page++) {
                pinPage(new Key(slot, page), together.one());
            }
        }
        together.start();
    }

    void unpin(long dbn, long count) {
        for (int slot = 0; slot < disks.slots(); slot++) {
            for (long page = first(dbn); page <= first(dbn + count - 1); page++) {
                ChecksumPage held = pages.get(new Key(slot, page));
                if (held != null) {
                    held.pins--;
                    Check.that(held.pins >= 0, "a page is unpinned as often as pinned");
                }
            }
        }
        evict();
    }

    private static long first(long dbn) {
        return dbn / DiskLayout.ENTRIES_PER_PAGE;
    }

    private void pinPage(Key key, IoCompletion done) {
        ChecksumPage page = pages.get(key);
        if (page != null) {
            page.pins++;
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

    private void evict() {
        Iterator<ChecksumPage> oldest = pages.values().iterator();
        while (pages.size() > PAGES_KEPT && oldest.hasNext()) {
            ChecksumPage page = oldest.next();
            if (page.pins == 0 && !page.dirty && !page.written) {
                oldest.remove();
            }
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
        pinned(slot, dbn).put(dbn, entry);
    }

    /// Writes all changed pages to both their places.
    void writeDirty(IoCompletion done) {
        Together together = new Together(done);
        for (ChecksumPage page : pages.values()) {
            if (page.dirty) {
                ByteBuffer sealed = page.sealed();
                int at = (int) (page.writeSequence() & 1);
                page.dirty = false;
                page.written = true;
                DiskLayout layout = disks.layout();
                disks.write(
                        page.slot,
                        layout.checksumPage(false, page.page, at),
                        List.of(sealed),
                        together.one());
                disks.write(
                        (page.slot + 1) % disks.slots(),
                        layout.checksumPage(true, page.page, at),
                        List.of(sealed.duplicate()),
                        together.one());
            }
        }
        together.start();
    }

    /// Everything written so far has been flushed.
    void flushed() {
        for (ChecksumPage page : pages.values()) {
            if (page.written) {
                page.written = false;
                page.durableSequence++;
            }
        }
        evict();
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
            long a = ChecksumPage.sequenceOf(both.slice(0, Blocks.SIZE), slot, page);
            long b = ChecksumPage.sequenceOf(both.slice(Blocks.SIZE, Blocks.SIZE), slot, page);
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
            return ChecksumPage.sequenceOf(both.slice(0, Blocks.SIZE), slot, page) == 0 ? 0 : 1;
        }
    }
}
