package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/// Reads one page from both its places and makes them agree. Of a parity page whose second place is
/// on a disk that joined, and has no copy yet, the places before count too ([SlotRing]).
final class PageLoad {
    /// Takes a page, or the reason why there is none.
    interface Loaded {
        void ended(@Nullable ChecksumPage page, @Nullable IoFault fault);
    }

    private final GroupDisks disks;
    private final int slot;
    private final long page;
    private final @Nullable PageSpan span;
    private final Loaded done;
    private final @Nullable PageCopies[] places = new @Nullable PageCopies[2];
    private final boolean[] slow = new boolean[2];

    // The newest copy from where parity had its second ones before.
    private @Nullable PageCopies former;

    /// Of what is in `span`, if there is one, nothing is read again.
    PageLoad(GroupDisks disks, int slot, long page, @Nullable PageSpan span, Loaded done) {
        this.disks = disks;
        this.slot = slot;
        this.page = page;
        this.span = span;
        this.done = done;
    }

    void run() {
        load(true);
    }

    private int holder(int place) {
        return PageCopies.holder(disks, slot, place);
    }

    // A disk that is slow counts as one that is away, unless the page can be had there only.
    private void load(boolean hedged) {
        Together together =
                new Together(
                        _ -> {
                            long found = Math.max(newest(0), newest(1));
                            if (found < 0 && (slow[0] || slow[1])) {
                                load(false);
                            } else {
                                lookBefore();
                            }
                        });
        for (int place = 0; place < 2; place++) {
            PageCopies copies = span == null ? null : span.copies(place, page);
            if (copies != null) {
                places[place] = copies;
            } else if (disks.pageReadable(holder(place), page)) {
                readPlace(place, hedged, together.one());
            }
        }
        together.start();
    }

    private void readPlace(int place, boolean hedged, IoCompletion one) {
        PageCopies copies = PageCopies.of(1);
        copies.read(
                disks,
                holder(place),
                place,
                page,
                hedged,
                fault -> {
                    places[place] = fault == null ? copies : null;
                    slow[place] = fault != null && fault.isSlow();
                    one.ended(null);
                });
    }

    // Blank, or torn on its way there.
    private boolean isToCome() {
        return places[1] != null && disks.ring().mayBeToCome(slot) && newest(1) <= 0;
    }

    private boolean isBlank(int place) {
        PageCopies copies = places[place];
        return copies != null
                && Blocks.isZero(copies.copy(0, 0))
                && Blocks.isZero(copies.copy(0, 1));
    }

    private void lookBefore() {
        Together reads = new Together(_ -> choose());
        if (isToCome()) {
            for (int holder : disks.ring().formerOfParity()) {
                if (disks.pageReadable(holder, page)) {
                    readFormer(holder, reads.one());
                }
            }
        }
        reads.start();
    }

    private void readFormer(int holder, IoCompletion one) {
        PageCopies copies = PageCopies.of(1);
        copies.read(
                disks,
                holder,
                1,
                page,
                false,
                fault -> {
                    boolean better = fault == null && newest(copies, 1) > newest(former, 1);
                    former = better ? copies : former;
                    one.ended(null);
                });
    }

    private long newest(int place) {
        return newest(places[place], place);
    }

    private long newest(@Nullable PageCopies copies, int place) {
        return copies == null
                ? -1
                : Math.max(sequence(copies, place, 0), sequence(copies, place, 1));
    }

    private long sequence(PageCopies copies, int place, int index) {
        ByteBuffer block = copies.copy(0, index);
        long found = ChecksumPage.sequenceOf(block, slot, page, index);
        boolean blank =
                found < 0
                        && place == 1
                        && ChecksumPage.isOfBefore(disks.ring(), block, slot, page, index);
        return blank ? 0 : found;
    }

    private void choose() {
        long own = newest(0);
        long other = newest(1);
        long before = newest(former, 1);
        long sequence = Math.max(before, Math.max(own, other));
        PageCopies best = own == sequence ? places[0] : other == sequence ? places[1] : former;
        if (best == null || sequence < 0) {
            String what = "checksums of slot " + slot + " page " + page;
            String name = "group " + disks.index();
            done.ended(null, new IoFault(name, "read", what + " are lost in both places"));
            return;
        }
        int from = (int) (sequence & 1);
        ChecksumPage loaded = new ChecksumPage(slot, page);
        if (sequence > 0) {
            loaded.bytes = Parity.copy(best.copy(0, from));
            loaded.durableSequence = sequence;
        }
        boolean[] behind = new boolean[2];
        for (int place = 0; place < 2; place++) {
            behind[place] = !slow[place] && isBehind(place, sequence);
            // A place to which the page has yet to come is not to blame.
            boolean toCome = place == 1 && isToCome() && (isBlank(1) || before == sequence);
            if (behind[place] && !toCome) {
                disks.countBad(holder(place), places[place] != null);
                loaded.mended |= 1 << place;
            }
        }
        // What stands only where parity's second copies were is overwritten soon, by the page of
        // the
        // disk that joined; and the next version goes to the slot of what its own disk has.
        boolean flushed = own < sequence && other < sequence;
        Together agreed = new Together(fault -> agreed(loaded, flushed, fault));
        for (int place = 0; place < 2; place++) {
            if (behind[place] && sequence > 0) {
                disks.write(
                        holder(place),
                        disks.layout().checksumPage(place == 1, page, from),
                        List.of(Parity.copy(loaded.bytes)),
                        agreed.one());
            }
        }
        agreed.start();
    }

    private void agreed(ChecksumPage loaded, boolean flushed, @Nullable IoFault fault) {
        if (fault == null && flushed) {
            disks.flush(ended -> agreed(loaded, false, ended));
        } else {
            done.ended(fault == null ? loaded : null, fault);
        }
    }

    private boolean isBehind(int place, long sequence) {
        return newest(place) < sequence && disks.pageReadable(holder(place), page);
    }
}
