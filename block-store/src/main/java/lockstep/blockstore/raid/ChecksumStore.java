package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.SlotRing;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;

/// The checksum entries of one group's blocks. Each page stands on its own disk and on the next one
/// ([SlotRing]), in two slots each. Between two flushes a page is written to one slot only, the
/// other holds what was durable: a torn write never spoils a live entry.
///
/// Pages are loaded on demand and kept, the oldest unused ones go first; a page that is pinned,
/// changed or not yet flushed stays. Where the two places differ the higher sequence wins and is
/// copied over the other.
final class ChecksumStore {
    private static final int PAGES_KEPT = 4096;

    private record Key(int slot, long page) {}

    private final GroupDisks disks;
    private final LinkedHashMap<Key, ChecksumPage> pages = new LinkedHashMap<>();
    // Those of `pages` that may go, the longest unused first.
    private final LinkedHashMap<Key, ChecksumPage> idle = new LinkedHashMap<>();
    private final PageWrites writes;
    private final LinkedHashMap<Key, List<IoCompletion>> loading = new LinkedHashMap<>();

    // Calls of pin that were not given back.
    private int pinned;

    ChecksumStore(GroupDisks disks, TrafficCount traffic) {
        this.disks = disks;
        this.writes = new PageWrites(disks, traffic, this::isDurable);
    }

    /// Whether nobody holds an entry, or is about to.
    boolean isIdle() {
        return pinned == 0;
    }

    /// Makes the entries of `count` stripes usable until [#unpin].
    void pin(long dbn, long count, IoCompletion done) {
        List<Key> taken = new ArrayList<>();
        pinned++;
        Together together =
                new Together(
                        fault -> {
                            if (fault != null) {
                                taken.forEach(this::unpinPage);
                                pinned--;
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
                                taken.add(key);
                            }
                            one.ended(fault);
                        });
            }
        }
        together.start();
    }

    void unpin(long dbn, long count) {
        pinned--;
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
        loading.put(key, new ArrayList<>(List.of(done)));
        load(key, null, () -> {});
    }

    private void load(Key key, @Nullable PageSpan span, Runnable done) {
        PageLoad.Loaded ended =
                (loaded, fault) -> {
                    List<IoCompletion> waiting = loading.remove(key);
                    List<IoCompletion> pinning = waiting == null ? List.of() : waiting;
                    if (loaded != null) {
                        loaded.pins = pinning.size();
                        pages.put(key, loaded);
                        settle(key, loaded);
                    }
                    pinning.forEach(one -> one.ended(fault));
                    done.run();
                };
        new PageLoad(disks, key.slot(), key.page(), span, ended).run();
    }

    /// Has `count` pages of every slot from `page` on loaded with few requests, for who will pin
    /// them soon; what cannot be had is told to him then.
    void ahead(long page, int count, Runnable done) {
        pinned++;
        Together spans =
                new Together(
                        _ -> {
                            pinned--;
                            done.run();
                        });
        for (int slot = 0; slot < disks.slots(); slot++) {
            int from = 0;
            while (from < count) {
                int to = from;
                while (to < count && isAway(new Key(slot, page + to))) {
                    to++;
                }
                if (to > from) {
                    loadSpan(slot, page + from, to - from, spans.one());
                }
                from = to + 1;
            }
        }
        spans.start();
    }

    private boolean isAway(Key key) {
        return !pages.containsKey(key) && !loading.containsKey(key);
    }

    private void loadSpan(int slot, long page, int count, IoCompletion done) {
        for (int i = 0; i < count; i++) {
            loading.put(new Key(slot, page + i), new ArrayList<>());
        }
        PageSpan.read(
                disks,
                slot,
                page,
                count,
                span -> {
                    Together loads = new Together(done);
                    for (int i = 0; i < count; i++) {
                        IoCompletion one = loads.one();
                        load(new Key(slot, page + i), span, () -> one.ended(null));
                    }
                    loads.start();
                });
    }

    private void isDurable(ChecksumPage page) {
        settle(new Key(page.slot, page.page), page);
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
        changing(slot, dbn).put(dbn, entry);
    }

    /// A block counts as never written from here on: as zeros, whatever stands there.
    void clear(int slot, long dbn) {
        changing(slot, dbn).clear(dbn);
    }

    private ChecksumPage changing(int slot, long dbn) {
        ChecksumPage page = pinned(slot, dbn);
        if (!page.dirty) {
            writes.add(page);
        }
        return page;
    }

    /// Has the page written again, so that both its places are on disks that are there now. A page
    /// of blocks that were never written is zeros everywhere already.
    void renew(int slot, long dbn) {
        ChecksumPage page = pinned(slot, dbn);
        if (!page.dirty && (page.durableSequence > 0 || page.written)) {
            page.dirty = true;
            writes.add(page);
        }
    }

    /// The pages of stripe `dbn` that belong on the disk in `slot` cannot all be had: what stands
    /// there must not be taken for the zeros of blocks that were never written. If one of them has
    /// its other place after all, loading it puts this right.
    void spoil(int slot, long dbn, IoCompletion done) {
        byte[] noPage = new byte[Blocks.SIZE];
        Arrays.fill(noPage, (byte) -1);
        Together together = new Together(done);
        for (int copy = 0; copy < 4; copy++) {
            long at = disks.layout().checksumPage(copy / 2 == 1, first(dbn), copy % 2);
            disks.write(slot, at, List.of(ByteBuffer.wrap(noPage)), together.one());
        }
        together.start();
    }

    /// The writing of what was changed here.
    PageWrites writes() {
        return writes;
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
}
