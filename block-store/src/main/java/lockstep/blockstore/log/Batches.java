package lockstep.blockstore.log;

import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.log.LogFormat.Mark;
import lockstep.blockstore.log.LogFormat.SegmentHeader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// The batches of one stream: the one that is filled, those that the next commit takes, and those
/// of the commits under way, the oldest first.
final class Batches {
    private final NvLog log;
    private final ArrayDeque<List<Batch>> underWay = new ArrayDeque<>();
    private List<Batch> pending = new ArrayList<>();
    private @Nullable Batch open;
    // Of the commits under way, the oldest whose batches were dropped meanwhile.
    private int dropped;
    private boolean dense;

    Batches(NvLog log) {
        this.log = log;
    }

    /// Whether there is none.
    boolean isEmpty() {
        return open == null && pending.isEmpty() && underWay.isEmpty();
    }

    /// Adds all of `source` to `half`, behind entry `before`; tells where it stands, if it is in
    /// one piece and the last commit was not mostly padding. Of a lone short entry, which takes two
    /// blocks of a batch, too much memory would be held.
    @Nullable Appended put(LogHalf half, ByteBuffer source, Mark before) {
        Appended whole = null;
        boolean split = false;
        while (source.hasRemaining()) {
            Batch into = open;
            if (into == null || into.roomBytes() == 0) {
                into = open(half, before);
            }
            whole = into.put(source);
            split |= source.hasRemaining();
        }
        return split || !dense ? null : whole;
    }

    private Batch open(LogHalf half, Mark before) {
        close();
        SegmentPool pool = log.pool();
        if (half.isFull(pool.segmentBytes())) {
            half.addSegment(pool.take());
        }
        int index = half.segments().size() - 1;
        Batch batch =
                new Batch(
                        log.staging(),
                        half,
                        new SegmentHeader(log.id(), half.chain(), index),
                        half.openBatch(),
                        pool.offset(half.segments().get(index)),
                        half.cursor(),
                        pool.segmentBytes(),
                        before);
        pending.add(batch);
        open = batch;
        return batch;
    }

    /// The entry that was put last ends with that.
    void endEntry(Mark mark) {
        if (open != null) {
            open.endEntry(mark);
        }
    }

    /// The next entry begins another batch.
    void close() {
        if (open != null) {
            open.half().closeBatch(open.paddedBytes());
            open = null;
        }
    }

    /// The batch that is filled, if it is one of half `half`.
    @Nullable Batch openOf(@Nullable LogHalf half) {
        return open != null && open.half() == half ? open : null;
    }

    /// The next commit takes what is pending, which continues `settled`: adds what is to be
    /// written, answers how many entries.
    int seal(List<Extent> extents, Mark settled) {
        close();
        int entries = 0;
        long bytes = 0;
        long paddedBytes = 0;
        for (Batch batch : pending) {
            extents.add(batch.seal(settled));
            entries += batch.entries();
            bytes += batch.usedBytes();
            paddedBytes += batch.paddedBytes();
        }
        dense = bytes >= paddedBytes / 4 * 3;
        underWay.add(pending);
        pending = new ArrayList<>();
        return entries;
    }

    /// The last entry that ends in the oldest commit under way; null if there is none, or if it was
    /// dropped.
    @Nullable Mark lastOfOldest() {
        List<Batch> oldest = underWay.getFirst();
        return dropped > 0 || oldest.isEmpty() ? null : oldest.getLast().last();
    }

    /// The oldest commit has ended.
    void endOldest() {
        for (Batch batch : underWay.remove()) {
            batch.half().settleBatch();
            batch.free();
        }
        dropped = Math.max(0, dropped - 1);
    }

    /// The commit that waits will never be made.
    void dropPending() {
        close();
        pending.forEach(Batch::free);
        pending = new ArrayList<>();
    }

    /// That, and the commits under way are void.
    void dropAll() {
        dropPending();
        dropped = underWay.size();
    }
}
