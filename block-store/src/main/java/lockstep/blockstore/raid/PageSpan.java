package lockstep.blockstore.raid;

import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// The copies of some neighbouring checksum pages of one slot, all that stand at both places, read
/// with few requests. Why: a walk over a whole disk needs every page, and one by one they cost as
/// many requests as the data do.
///
/// What cannot be had this way, for whatever reason, is not in it; whoever wants it reads it by
/// itself.
final class PageSpan {
    /// Pages at once: 128 KiB of each place.
    static final int MAXIMUM = DiskLayout.PAGES_TOGETHER;

    private final long first;
    private final @Nullable PageCopies[] places = new @Nullable PageCopies[2];

    private PageSpan(long first) {
        this.first = first;
    }

    /// Reads `count` pages from page `first` on. The caller sees to it that nobody writes them.
    static void read(
            GroupDisks disks, int slot, long first, int count, Consumer<PageSpan> handler) {
        PageSpan span = new PageSpan(first);
        Together reads = new Together(_ -> handler.accept(span));
        for (int place = 0; place < 2; place++) {
            int holder = PageCopies.holder(disks, slot, place);
            // A disk that is rebuilt has pages from the first on.
            if (disks.pageReadable(holder, first + count - 1)) {
                span.readPlace(disks, holder, place, count, reads.one());
            }
        }
        reads.start();
    }

    /// How many requests reading such a span takes, where nothing of it is known yet.
    static int requests(DiskLayout layout, long first, int count) {
        int pieces = 0;
        for (int at = 0; at < count; pieces++) {
            at += layout.neighbours(first + at, count - at);
        }
        return 4 * pieces;
    }

    /// Of `count` pages from `page` on, the first ones that stand together and make a span.
    static int length(long page, long count) {
        return (int) Math.min(count, MAXIMUM - page % MAXIMUM);
    }

    private void readPlace(GroupDisks disks, int holder, int place, int count, IoCompletion one) {
        PageCopies copies = PageCopies.of(count);
        copies.read(
                disks,
                holder,
                place,
                first,
                true,
                fault -> {
                    places[place] = fault == null ? copies : null;
                    one.ended(null);
                });
    }

    /// What stands in both slots of `page` at `place`; null if it has to be read by itself.
    @Nullable PageCopies copies(int place, long page) {
        PageCopies copies = places[place];
        return copies == null ? null : copies.one((int) (page - first));
    }
}
