package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.log.LogFormat.BatchHeader;
import lockstep.blockstore.log.LogFormat.Mark;
import lockstep.blockstore.log.LogFormat.SegmentHeader;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// One batch while it is filled and written: bytes in staging chunks, and the place they go to. If
/// it is the first of its segment, the segment's header travels in front of it, in the same write.
final class Batch {
    private final StagingPool staging;
    private final LogHalf half;
    private final SegmentHeader segment;
    private final long number;
    private final long deviceOffset;
    private final int capacityBytes;
    private final int headerAt;
    private final Mark continues;
    private final List<ByteBuffer> chunks = new ArrayList<>();
    private int usedBytes;
    private int entries;
    private Mark last;

    /// `startInSegment` is where its header goes; it may use everything up to the segment's end.
    Batch(
            StagingPool staging,
            LogHalf half,
            SegmentHeader segment,
            long number,
            long segmentOffset,
            int startInSegment,
            int segmentBytes,
            Mark continues) {
        this.staging = staging;
        this.half = half;
        this.segment = segment;
        this.number = number;
        this.continues = continues;
        this.last = continues;
        boolean opensSegment = startInSegment == LogFormat.SEGMENT_HEADER_BYTES;
        int start = opensSegment ? 0 : startInSegment;
        this.headerAt = startInSegment - start;
        this.deviceOffset = segmentOffset + start;
        this.capacityBytes = segmentBytes - start;
        this.usedBytes = headerAt + LogFormat.BATCH_HEADER_BYTES;
        chunks.add(staging.take().position(usedBytes));
    }

    LogHalf half() {
        return half;
    }

    /// The last entry that ends in this batch or before it.
    Mark last() {
        return last;
    }

    int entries() {
        return entries;
    }

    int roomBytes() {
        return capacityBytes - usedBytes;
    }

    /// Takes as much of `source` as fits.
    void put(ByteBuffer source) {
        while (source.hasRemaining() && roomBytes() > 0) {
            ByteBuffer chunk = chunks.getLast();
            if (!chunk.hasRemaining()) {
                chunk = staging.take();
                chunks.add(chunk);
            }
            int part = Math.min(source.remaining(), Math.min(chunk.remaining(), roomBytes()));
            chunk.put(source.slice(source.position(), part));
            source.position(source.position() + part);
            usedBytes += part;
        }
    }

    /// The entry that was put last ends here.
    void endEntry(Mark mark) {
        last = mark;
        entries++;
    }

    /// Bytes on the device from the batch header on, up to the next batch.
    int paddedBytes() {
        return (int) Blocks.toBytes(Blocks.roundUp(usedBytes - headerAt));
    }

    /// Completes headers and padding: what is written, lent until the commit ends.
    Extent seal(Mark settled) {
        pad();
        int payloadBytes = usedBytes - headerAt - LogFormat.BATCH_HEADER_BYTES;
        BatchHeader header =
                new BatchHeader(
                        segment, number, payloadBytes, payloadCrc(), entries, continues, settled);
        ByteBuffer first = chunks.getFirst();
        LogFormat.encode(header, first.duplicate().position(headerAt));
        if (headerAt > 0) {
            for (int i = 0; i < headerAt; i += Long.BYTES) {
                first.putLong(i, 0);
            }
            LogFormat.encode(segment, first.duplicate().position(0));
        }
        List<ByteBuffer> lent = new ArrayList<>();
        for (ByteBuffer chunk : chunks) {
            lent.add(chunk.duplicate().flip());
        }
        return new Extent(deviceOffset, lent);
    }

    // Chunks are whole blocks, so the padding fits into the last one.
    private void pad() {
        ByteBuffer chunk = chunks.getLast();
        while (!Blocks.isAligned(chunk.position())) {
            chunk.put((byte) 0);
        }
    }

    private int payloadCrc() {
        CRC32C crc = new CRC32C();
        int skip = headerAt + LogFormat.BATCH_HEADER_BYTES;
        int left = usedBytes - skip;
        for (ByteBuffer chunk : chunks) {
            int part = Math.min(left, chunk.position() - skip);
            crc.update(chunk.slice(skip, part));
            left -= part;
            skip = 0;
        }
        Check.that(left == 0, "the checksum covers the whole payload");
        return (int) crc.getValue();
    }

    /// The commit ended: the memory goes back.
    void free() {
        for (ByteBuffer chunk : chunks) {
            staging.give(chunk);
        }
        chunks.clear();
    }
}
