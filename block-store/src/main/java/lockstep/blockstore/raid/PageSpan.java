package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/// The copies of some neighbouring checksum pages of one slot, all that stand at both places, read
/// with one request for each place. Why: a walk over a whole disk needs every page, and one by one
/// they cost as many requests as the data do.
///
/// What cannot be had this way, for whatever reason, is not in it; whoever wants it reads it by
/// itself.
final class PageSpan {
    /// Pages at once: 128 KiB of each place.
    static final int MAXIMUM = 16;

    private static final int COPIES = 2 * Blocks.SIZE;

    private final long first;
    private final @Nullable ByteBuffer[] places = new @Nullable ByteBuffer[2];

    private PageSpan(long first) {
        this.first = first;
    }

    /// Reads `count` pages from page `first` on. The caller sees to it that nobody writes them.
    static void read(
            GroupDisks disks, int slot, long first, int count, Consumer<PageSpan> handler) {
        PageSpan span = new PageSpan(first);
        Together reads = new Together(_ -> handler.accept(span));
        for (int place = 0; place < 2; place++) {
            int holder = place == 0 ? slot : disks.ring().next(slot);
            // A disk that is rebuilt has pages from the first on.
            if (disks.pageReadable(holder, first + count - 1)) {
                span.readPlace(disks, holder, place, count, reads.one());
            }
        }
        reads.start();
    }

    private void readPlace(GroupDisks disks, int holder, int place, int count, IoCompletion one) {
        ByteBuffer bytes = ByteBuffer.allocate(count * COPIES);
        disks.readSoon(
                holder,
                disks.layout().checksumPage(place == 1, first, 0),
                List.of(bytes.duplicate()),
                fault -> {
                    places[place] = fault == null ? bytes : null;
                    one.ended(null);
                });
    }

    /// What stands in both slots of `page` at `place`, 8 KiB; null if it has to be read by itself.
    @Nullable ByteBuffer copies(int place, long page) {
        ByteBuffer bytes = places[place];
        return bytes == null ? null : bytes.slice((int) (page - first) * COPIES, COPIES);
    }
}
