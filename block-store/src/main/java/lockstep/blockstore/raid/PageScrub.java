package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/// Compares the four copies of one checksum page (two places, two slots each) with what is in
/// memory and with each other. The slot of the durable sequence must hold exactly that page, at
/// both places. The other slot holds an older one, which nothing relies on; it too is made the same
/// at both places, from whichever is whole and newer, so that what is readable stays readable.
///
/// The caller has pinned the page. Nobody writes it meanwhile ([ChecksumStore#hold]).
final class PageScrub {
    private final GroupDisks disks;
    private final ScrubListener listener;
    private final int slot;
    private final long page;
    private final ByteBuffer expected;
    private final long sequence;
    private final int mended;
    private final @Nullable ByteBuffer[][] copies = new @Nullable ByteBuffer[2][2];
    private final Runnable done;

    /// To be made when the page is held and before anything of it is read: it may be changed in
    /// memory from here on.
    PageScrub(GroupDisks disks, ScrubListener listener, ChecksumPage held, Runnable done) {
        this.disks = disks;
        this.listener = listener;
        this.slot = held.slot;
        this.page = held.page;
        this.expected = Parity.copy(held.bytes);
        this.sequence = held.durableSequence;
        this.mended = held.mended;
        held.mended = 0;
        this.done = done;
    }

    /// Of what is in `span`, if there is one, nothing is read again.
    void run(@Nullable PageSpan span) {
        for (int place = 0; place < 2; place++) {
            // Of a page that was never written no copy is written: it is looked at below.
            if ((mended & (1 << place)) != 0
                    && sequence > 0
                    && disks.pageReadable(holder(place), page)) {
                tell(place, (int) (sequence & 1), "found when it was loaded");
            }
        }
        Together reads = new Together(_ -> compare());
        for (int place = 0; place < 2; place++) {
            if (disks.pageReadable(holder(place), page)) {
                readPlace(place, span, reads.one());
            }
        }
        reads.start();
    }

    private int holder(int place) {
        return PageCopies.holder(disks, slot, place);
    }

    private long at(int place, int index) {
        return disks.layout().checksumPage(place == 1, page, index);
    }

    // Slot by slot: one that cannot be read says nothing of the other.
    private void readPlace(int place, @Nullable PageSpan span, IoCompletion one) {
        PageCopies read = span == null ? null : span.copies(place, page);
        if (read != null) {
            copies[place][0] = read.copy(0, 0);
            copies[place][1] = read.copy(0, 1);
            one.ended(null);
            return;
        }
        Together singly = new Together(_ -> one.ended(null));
        readSlot(place, 0, singly.one());
        readSlot(place, 1, singly.one());
        singly.start();
    }

    private void readSlot(int place, int index, IoCompletion one) {
        ByteBuffer block = ByteBuffer.allocate(Blocks.SIZE);
        disks.read(
                holder(place),
                at(place, index),
                List.of(block.duplicate()),
                fault -> {
                    copies[place][index] = fault == null ? block : null;
                    one.ended(null);
                });
    }

    private void compare() {
        Together writes = new Together(_ -> done.run());
        for (int index = 0; index < 2; index++) {
            ByteBuffer right = sequence == 0 || (sequence & 1) == index ? expected : older(index);
            for (int place = 0; place < 2; place++) {
                ByteBuffer copy = copies[place][index];
                boolean live = disks.pageReadable(holder(place), page);
                if (live && place == 1 && isOfGrowth(copy, index)) {
                    comesLater(index, copy, right, writes);
                } else if (live && right != null && !right.equals(copy)) {
                    rewrite(place, index, copy, right, writes.one());
                } else if (live) {
                    disks.countGood(holder(place), 1);
                }
            }
        }
        writes.start();
    }

    // A parity page that has yet to come to the disk that joined last, or, in the place that it
    // left, what stood there then and nothing has replaced.
    private boolean isOfGrowth(@Nullable ByteBuffer copy, int index) {
        boolean replaced = sequence > 0 && (sequence & 1) == index;
        return copy != null
                && ((disks.ring().mayBeToCome(slot) && Blocks.isZero(copy))
                        || (!replaced
                                && ChecksumPage.isOfBefore(disks.ring(), copy, slot, page, index)));
    }

    private void comesLater(
            int index, ByteBuffer copy, @Nullable ByteBuffer right, Together writes) {
        if (right != null && disks.ring().mayBeToCome(slot) && !right.equals(copy)) {
            disks.write(holder(1), at(1, index), List.of(right.duplicate()), writes.one());
        }
    }

    // The newer of the two that are a page for this place and older than the durable one; null if
    // neither is: then nothing is known of that slot, and nothing depends on it.
    private @Nullable ByteBuffer older(int index) {
        ByteBuffer best = null;
        long newest = -1;
        for (int place = 0; place < 2; place++) {
            ByteBuffer copy = copies[place][index];
            long found = copy == null ? -1 : ChecksumPage.sequenceOf(copy, slot, page, index);
            if (found > newest && found < sequence) {
                newest = found;
                best = copy;
            }
        }
        return best;
    }

    private void rewrite(
            int place, int index, @Nullable ByteBuffer copy, ByteBuffer right, IoCompletion one) {
        int at = holder(place);
        String reason = copy == null ? "not readable" : "it is not the page";
        disks.countBad(at, copy != null);
        disks.write(
                at,
                at(place, index),
                List.of(right.duplicate()),
                fault -> {
                    // On a device that takes no writes it is as wrong as when it was loaded.
                    boolean told = (mended & (1 << place)) != 0 && (sequence & 1) == index;
                    if (!told || sequence == 0) {
                        tell(place, index, reason);
                    }
                    one.ended(fault);
                });
    }

    private void tell(int place, int index, String reason) {
        String which = place == 0 ? "own copy" : "copy for the disk before";
        listener.found(
                new ScrubFinding(
                        ScrubFinding.Kind.CHECKSUM_PAGE,
                        disks.index(),
                        holder(place),
                        page,
                        -1,
                        ScrubFinding.UNKNOWN,
                        ScrubFinding.UNKNOWN,
                        which + ", place " + index + ": " + reason));
    }
}
