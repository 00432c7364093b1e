package lockstep.blockstore.log;

import lockstep.blockstore.log.LogFormat.ChainId;

import java.util.ArrayList;
import java.util.List;

/// The segments of one half of one stream, and how far they are written.
final class LogHalf {
    private final ChainId chain;
    private final List<Integer> segments = new ArrayList<>();
    private long batches;
    private int cursor;
    private long bytes;
    private int unsettledBatches;
    private boolean released;

    LogHalf(ChainId chain) {
        this.chain = chain;
    }

    ChainId chain() {
        return chain;
    }

    long number() {
        return chain.half();
    }

    List<Integer> segments() {
        return segments;
    }

    /// Bytes that its batches take on the device.
    long bytes() {
        return bytes;
    }

    /// A segment that was found on the device; nothing is appended to such a half any more.
    void found(int segment, int segmentBytes) {
        segments.add(segment);
        bytes += segmentBytes;
        cursor = segmentBytes;
    }

    /// Where the next batch begins in the last segment.
    int cursor() {
        return cursor;
    }

    /// Whether the next batch needs another segment.
    boolean isFull(int segmentBytes) {
        return segments.isEmpty() || cursor == segmentBytes;
    }

    void addSegment(int segment) {
        segments.add(segment);
        cursor = LogFormat.SEGMENT_HEADER_BYTES;
    }

    /// Numbers a batch that begins at the cursor.
    long openBatch() {
        unsettledBatches++;
        return batches++;
    }

    /// That batch takes `paddedBytes` on the device.
    void closeBatch(int paddedBytes) {
        cursor += paddedBytes;
        bytes += paddedBytes;
    }

    /// A batch is durable, or was given up.
    void settleBatch() {
        unsettledBatches--;
    }

    /// Nobody needs it any more.
    void release() {
        released = true;
    }

    /// Released, and no write to its segments is under way or to come.
    boolean isReclaimable() {
        return released && unsettledBatches == 0;
    }
}
