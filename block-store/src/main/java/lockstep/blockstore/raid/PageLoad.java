package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/// Reads one page from both its places and makes them agree.
record PageLoad(GroupDisks disks, int slot, long page) {
    /// Takes a page, or the reason why there is none.
    interface Loaded {
        void ended(@Nullable ChecksumPage page, @Nullable IoFault fault);
    }

    void run(Loaded done) {
        load(true, done);
    }

    // A disk that is slow counts as one that is away, unless the page can be had there only.
    private void load(boolean hedged, Loaded done) {
        @Nullable ByteBuffer[] places = new @Nullable ByteBuffer[2];
        boolean[] slow = new boolean[2];
        Together together =
                new Together(
                        _ -> {
                            long found = Math.max(newest(places[0]), newest(places[1]));
                            if (found < 0 && (slow[0] || slow[1])) {
                                load(false, done);
                            } else {
                                choose(places, slow, done);
                            }
                        });
        for (int place = 0; place < 2; place++) {
            int holder = (slot + place) % disks.slots();
            if (disks.pageReadable(holder, page)) {
                readPlace(holder, place, hedged, places, slow, together.one());
            }
        }
        together.start();
    }

    private void readPlace(
            int holder,
            int place,
            boolean hedged,
            @Nullable ByteBuffer[] places,
            boolean[] slow,
            IoCompletion one) {
        ByteBuffer both = ByteBuffer.allocate(2 * Blocks.SIZE);
        long at = disks.layout().checksumPage(place == 1, page, 0);
        IoCompletion ended =
                fault -> {
                    places[place] = fault == null ? both : null;
                    slow[place] = fault != null && fault.isSlow();
                    one.ended(null);
                };
        if (hedged) {
            disks.readSoon(holder, at, List.of(both.duplicate()), ended);
        } else {
            disks.read(holder, at, List.of(both.duplicate()), ended);
        }
    }

    private long newest(@Nullable ByteBuffer both) {
        if (both == null) {
            return -1;
        }
        long a = ChecksumPage.sequenceOf(both.slice(0, Blocks.SIZE), slot, page, 0);
        long b = ChecksumPage.sequenceOf(both.slice(Blocks.SIZE, Blocks.SIZE), slot, page, 1);
        return Math.max(a, b);
    }

    private void choose(@Nullable ByteBuffer[] places, boolean[] slow, Loaded done) {
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
            if (!slow[place] && isBehind(place, own, other, sequence)) {
                disks.countBad((slot + place) % disks.slots(), places[place] != null);
                loaded.mended |= 1 << place;
            }
        }
        int from = sequence == 0 ? blankSlot(both) : (int) (sequence & 1);
        loaded.bytes = Parity.copy(both.slice(from * Blocks.SIZE, Blocks.SIZE));
        loaded.durableSequence = sequence;
        Together agreed = new Together(fault -> done.ended(fault == null ? loaded : null, fault));
        if (sequence > 0) {
            for (int place = 0; place < 2; place++) {
                int holder = (slot + place) % disks.slots();
                if (!slow[place] && isBehind(place, own, other, sequence)) {
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

    private boolean isBehind(int place, long own, long other, long sequence) {
        int holder = (slot + place) % disks.slots();
        boolean behind = (place == 0 ? own : other) < sequence;
        return behind && disks.pageReadable(holder, page);
    }

    private int blankSlot(ByteBuffer both) {
        return ChecksumPage.sequenceOf(both.slice(0, Blocks.SIZE), slot, page, 0) == 0 ? 0 : 1;
    }
}
