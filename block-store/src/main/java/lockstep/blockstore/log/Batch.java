package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.log.LogFormat.BatchHeader;
import lockstep.blockstore.log.LogFormat.Mark;
import lockstep.blockstore.log.LogFormat.SegmentHeader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// One batch while it is filled and written: bytes in staging memory, and the place they go to. If
/// it is the first of its segment, the segment's header travels in front of it, in the same write.
final class Batch {
    private static final byte[] PADDING = new byte[Blocks.SIZE];

    private final StagingPool staging;
    private final LogHalf half;
    private final SegmentHeader segment;
    private final long number;
    private final long deviceOffset;
    private final int capacityBytes;
    private final int headerAt;
    private final Mark continues;
    private final List<StagingPool.Piece> pieces = new ArrayList<>();
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
        pieces.add(staging.take());
        pieces.getFirst().bytes.position(usedBytes);
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

    /// Takes as much of `source` as fits; tells where all of it stands, null if it is in parts.
    @Nullable Appended put(ByteBuffer source) {
        int length = source.remaining();
        StagingPool.Piece first = pieceWithRoom();
        int at = first.bytes.position();
        while (source.hasRemaining() && roomBytes() > 0) {
            ByteBuffer into = pieceWithRoom().bytes;
            int part = Math.min(source.remaining(), Math.min(into.remaining(), roomBytes()));
            into.put(source.slice(source.position(), part));
            source.position(source.position() + part);
            usedBytes += part;
        }
        return first.bytes.position() - at == length ? first.place(at, length) : null;
    }

    private StagingPool.Piece pieceWithRoom() {
        if (!pieces.getLast().bytes.hasRemaining()) {
            pieces.add(staging.take());
        }
        return pieces.getLast();
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

    /// What of that is no padding.
    int usedBytes() {
        return usedBytes - headerAt;
    }

    /// Completes headers and padding: what is written, lent until the commit ends.
    Extent seal(Mark settled) {
        pad();
        int payloadBytes = usedBytes - headerAt - LogFormat.BATCH_HEADER_BYTES;
        BatchHeader header =
                new BatchHeader(
                        segment, number, payloadBytes, payloadCrc(), entries, continues, settled);
        ByteBuffer first = pieces.getFirst().bytes;
        LogFormat.encode(header, first.duplicate().position(headerAt));
        if (headerAt > 0) {
            for (int i = 0; i < headerAt; i += Long.BYTES) {
                first.putLong(i, 0);
            }
            LogFormat.encode(segment, first.duplicate().position(0));
        }
        List<ByteBuffer> lent = new ArrayList<>();
        for (StagingPool.Piece piece : pieces) {
            lent.add(piece.bytes.duplicate().flip());
        }
        return new Extent(deviceOffset, lent);
    }

    // Pieces are whole blocks, so the padding fits into the last one.
    private void pad() {
        StagingPool.Piece last = pieces.getLast();
        int missing = -last.bytes.position() & (Blocks.SIZE - 1);
        last.bytes.put(PADDING, 0, missing);
        last.close();
    }

    private int payloadCrc() {
        CRC32C crc = new CRC32C();
        int skip = headerAt + LogFormat.BATCH_HEADER_BYTES;
        int left = usedBytes - skip;
        for (StagingPool.Piece piece : pieces) {
            int part = Math.min(left, piece.bytes.position() - skip);
            crc.update(piece.bytes.slice(skip, part));
            left -= part;
            skip = 0;
        }
        Check.that(left == 0, "the checksum covers the whole payload");
        return (int) crc.getValue();
    }

    /// The commit ended: the memory goes back.
    void free() {
        pieces.forEach(StagingPool.Piece::give);
        pieces.clear();
    }
}
