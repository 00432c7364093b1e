package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import java.nio.ByteBuffer;
import java.util.List;

/// What stands in both slots of some neighbouring checksum pages at one place: by slot, one block
/// for each page.
record PageCopies(List<ByteBuffer> slots) {
    /// Place 0 is the disk in `slot` itself, place 1 the next one.
    static int holder(GroupDisks disks, int slot, int place) {
        return place == 0 ? slot : disks.ring().next(slot);
    }

    /// Room for the copies of `count` pages.
    static PageCopies of(int count) {
        return new PageCopies(
                List.of(
                        ByteBuffer.allocate(count * Blocks.SIZE),
                        ByteBuffer.allocate(count * Blocks.SIZE)));
    }

    /// The copy of the page with number `index` among them.
    ByteBuffer copy(int index, int slot) {
        return slots.get(slot).slice(index * Blocks.SIZE, Blocks.SIZE);
    }

    /// Those of one page.
    PageCopies one(int index) {
        return new PageCopies(List.of(copy(index, 0), copy(index, 1)));
    }

    /// Reads the pages from `page` on from the disk `holder`, with one request for each slot of
    /// those that stand side by side. A `hedged` read ends as slow if the disk takes long.
    void read(GroupDisks disks, int holder, int place, long page, boolean hedged, IoCompletion done) {
        Together reads = new Together(done);
        int count = slots.getFirst().capacity() / Blocks.SIZE;
        for (int slot = 0; slot < 2; slot++) {
            int from = 0;
            while (from < count) {
                int length = disks.layout().neighbours(page + from, count - from);
                long at = disks.layout().checksumPage(place == 1, page + from, slot);
                ByteBuffer into =
                        slots.get(slot).slice(from * Blocks.SIZE, length * Blocks.SIZE);
                if (hedged) {
                    disks.readSoon(holder, at, List.of(into), reads.one());
                } else {
                    disks.read(holder, at, List.of(into), reads.one());
                }
                from += length;
            }
        }
        reads.start();
    }
}
