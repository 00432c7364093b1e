package lockstep.blockstore.log;

import lockstep.blockstore.base.Check;

import java.util.ArrayDeque;

/// The device's segments that belong to nobody now. The one that was given back first is taken
/// first, so wear and stale content spread evenly.
final class SegmentPool {
    private final int segmentBytes;
    private final int count;
    private final ArrayDeque<Integer> free = new ArrayDeque<>();

    SegmentPool(int segmentBytes, int count) {
        this.segmentBytes = segmentBytes;
        this.count = count;
    }

    int segmentBytes() {
        return segmentBytes;
    }

    int count() {
        return count;
    }

    /// Where segment `segment` begins on the device.
    long offset(int segment) {
        Check.that(segment >= 0 && segment < count, "a segment exists", segment, count);
        return LogFormat.SEGMENTS_AT + (long) segment * segmentBytes;
    }

    int take() {
        Check.that(!free.isEmpty(), "whoever appends asked for room before");
        return free.remove();
    }

    void give(int segment) {
        Check.that(free.size() < count, "no segment is given back twice");
        free.add(segment);
    }

    int freeSegments() {
        return free.size();
    }

    /// Bytes of entries that surely fit into the free segments.
    long freeBytes() {
        int headers = LogFormat.SEGMENT_HEADER_BYTES + LogFormat.BATCH_HEADER_BYTES;
        return (long) free.size() * (segmentBytes - headers);
    }
}
