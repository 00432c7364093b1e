package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.log.LogFormat.BatchHeader;
import lockstep.blockstore.log.LogFormat.SegmentHeader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// One segment as two copies hold it: each batch is taken from the copy in which it is whole, the
/// first if both are, and the other copy is mended. What is whole in neither is left as it is, for
/// [LogScan] to judge. Any other source of whole batches (a mirror's log) would come in here.
///
/// A batch that is on one copy only was not acknowledged; it is on both afterwards, so that it
/// stays found or stays lost whatever fails next.
final class SegmentMerge {
    private final SegmentHeader header;
    private final ByteBuffer first;
    private final ByteBuffer second;
    private final List<Extent> forFirst = new ArrayList<>();
    private final List<Extent> forSecond = new ArrayList<>();
    private final long segmentOffset;

    /// `first` becomes the merged segment; both are whole segments that start at `segmentOffset`.
    SegmentMerge(SegmentHeader header, ByteBuffer first, ByteBuffer second, long segmentOffset) {
        this.header = header;
        this.first = first;
        this.second = second;
        this.segmentOffset = segmentOffset;
    }

    /// What is to be written to the first copy.
    List<Extent> forFirst() {
        return forFirst;
    }

    /// What is to be written to the second copy.
    List<Extent> forSecond() {
        return forSecond;
    }

    void run() {
        int at = LogFormat.SEGMENT_HEADER_BYTES;
        while (at < first.limit()) {
            BatchHeader here = whole(first, at);
            BatchHeader there = whole(second, at);
            int length = Blocks.SIZE;
            if (here != null) {
                length = (int) here.paddedBytes();
                if (!first.slice(at, length).equals(second.slice(at, length))) {
                    forSecond.add(mend(at, length));
                }
            } else if (there != null) {
                length = (int) there.paddedBytes();
                first.put(at, second, at, length);
                forFirst.add(mend(at, length));
            }
            at += length;
        }
    }

    private Extent mend(int at, int length) {
        return new Extent(segmentOffset + at, List.of(first.slice(at, length)));
    }

    private @Nullable BatchHeader whole(ByteBuffer segment, int at) {
        BatchHeader batch = LogFormat.decodeBatch(segment.slice(at, segment.limit() - at));
        if (batch == null
                || batch.segment().logId() != header.logId()
                || !batch.segment().chain().equals(header.chain())
                || batch.paddedBytes() > segment.limit() - at) {
            return null;
        }
        int payloadAt = at + LogFormat.BATCH_HEADER_BYTES;
        boolean right = Crc32c.of(segment, payloadAt, batch.payloadBytes()) == batch.payloadCrc();
        return right ? batch : null;
    }
}
