package lockstep.blockstore.log;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogFormat.BatchHeader;
import lockstep.blockstore.log.LogFormat.SegmentHeader;
import lockstep.blockstore.log.NvLog.FoundSegment;
import lockstep.blockstore.log.NvLog.OpenResult;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Opens a log whose copies are known: reads header and first batch header of every segment, a few
/// at a time, and sorts segments into free, owned, and unidentified ones. Two copies are made to
/// say the same of each; one that is to be made anew is.
final class LogOpening {
    private static final int LANES = 16;
    private static final int PROBE_BYTES = LogFormat.SEGMENT_HEADER_BYTES + Blocks.SIZE;

    private final LogCopies copies;
    private final @Nullable BlockDevice anew;
    private final EventLoop loop;
    private final LongSupplier entropy;
    private final MetricRegistry metrics;
    private final Consumer<OpenResult> done;
    private final TreeMap<VolumeId, List<FoundSegment>> found = new TreeMap<>();
    private final List<Integer> free = new ArrayList<>();
    private final List<List<Extent>> repairs = List.of(new ArrayList<>(), new ArrayList<>());
    private final SegmentPool pool;
    private final long logId;
    private int unidentifiedSegments;
    private @Nullable IoFault unreadable;
    private int nextSegment;
    private int busyLanes;

    LogOpening(
            LogCopies copies,
            @Nullable BlockDevice anew,
            EventLoop loop,
            LongSupplier entropy,
            MetricRegistry metrics,
            Consumer<OpenResult> done) {
        this.copies = copies;
        this.anew = anew;
        this.loop = loop;
        this.entropy = entropy;
        this.metrics = metrics;
        this.done = done;
        this.logId = copies.header().logId();
        long bytes = Long.MAX_VALUE;
        for (LogCopies.Copy copy : copies.in()) {
            bytes = Math.min(bytes, copy.device.size());
        }
        int segmentBytes = copies.header().segmentBytes();
        long segments = (bytes - LogFormat.SEGMENTS_AT) / segmentBytes;
        this.pool = new SegmentPool(segmentBytes, Math.toIntExact(segments));
    }

    /// Reads what stands at the beginning of every segment.
    void start() {
        busyLanes = LANES;
        for (int lane = 0; lane < LANES; lane++) {
            probeNext();
        }
    }

    private void probeNext() {
        if (nextSegment == pool.count()) {
            if (--busyLanes == 0) {
                finish();
            }
            return;
        }
        probe(nextSegment++, true);
    }

    private void probe(int segment, boolean again) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(PROBE_BYTES);
        Extent extent = new Extent(pool.offset(segment), List.of(bytes.duplicate()));
        BlockDevice second = copies.second();
        copies.first()
                .read(
                        extent,
                        fault -> {
                            if (second == null && fault != null && again) {
                                probe(segment, false);
                            } else if (second == null && fault != null) {
                                probeSingly(segment);
                            } else if (second == null) {
                                sort(segment, bytes, fault);
                                probeNext();
                            } else {
                                compare(segment, bytes, fault != null, second);
                            }
                        });
    }

    // Of two blocks of which one cannot be read, the other tells whose the segment is, or that it
    // holds nothing: only one that may hold entries is in the way. A header that cannot be read is
    // as good as a rotten one.
    private void probeSingly(int segment) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(PROBE_BYTES);
        int head = LogFormat.SEGMENT_HEADER_BYTES;
        readBlock(
                segment,
                bytes.slice(0, head),
                0,
                first ->
                        readBlock(
                                segment,
                                bytes.slice(head, Blocks.SIZE),
                                head,
                                second -> {
                                    for (int i = 0; first != null && i < head; i++) {
                                        bytes.put(i, (byte) -1);
                                    }
                                    sort(segment, bytes, first == null ? null : second);
                                    probeNext();
                                }));
    }

    private void readBlock(int segment, ByteBuffer into, int at, IoCompletion ended) {
        copies.first().read(new Extent(pool.offset(segment) + at, List.of(into)), ended);
    }

    /// Where the two differ, the first says what the segment is, unless what it says is rotten:
    /// each alone holds all that was ever acknowledged. The other is made to say the same.
    private void compare(int segment, ByteBuffer first, boolean unreadable, BlockDevice device) {
        ByteBuffer second = ByteBuffer.allocateDirect(PROBE_BYTES);
        Extent extent = new Extent(pool.offset(segment), List.of(second.duplicate()));
        device.read(
                extent,
                fault -> {
                    boolean here = !unreadable && says(first);
                    boolean there = fault == null && says(second);
                    ByteBuffer right = here || !there ? first : second;
                    boolean same = first.equals(second);
                    if (here && (!same || fault != null)) {
                        unlike(copies.all().size() - 1, segment, first, second);
                    } else if (there && !here) {
                        unlike(0, segment, second, first);
                    }
                    boolean lost = unreadable && !there;
                    sort(segment, right, lost ? new IoFault(device.name(), "read", "lost") : null);
                    probeNext();
                });
    }

    private boolean says(ByteBuffer bytes) {
        ByteBuffer block = bytes.slice(0, Blocks.SIZE);
        return Blocks.isZero(block) || LogFormat.decodeSegment(block) != null;
    }

    // A used segment's batches are compared when it is replayed.
    private void unlike(int copy, int segment, ByteBuffer right, ByteBuffer wrong) {
        boolean free = Blocks.isZero(right.slice(0, Blocks.SIZE));
        int bytes = free ? PROBE_BYTES : LogFormat.SEGMENT_HEADER_BYTES;
        ByteBuffer content = free ? ByteBuffer.allocateDirect(PROBE_BYTES) : right.slice(0, bytes);
        if (!content.equals(wrong.slice(0, bytes))) {
            Extent extent = new Extent(pool.offset(segment), List.of(content));
            repairs.get(copy == 0 ? 0 : 1).add(extent);
        }
    }

    // A tear leaves a header whole or as it was before; so one that is neither zero nor valid is
    // rotten, and the batch behind it tells whose it is.
    private void sort(int segment, ByteBuffer bytes, @Nullable IoFault fault) {
        if (fault != null) {
            unreadable = fault;
        }
        ByteBuffer block = bytes.slice(0, Blocks.SIZE);
        SegmentHeader header = fault == null ? LogFormat.decodeSegment(block) : null;
        if (fault == null && header == null && Blocks.isZero(block)) {
            free.add(segment);
            return;
        }
        if (fault == null && header == null) {
            ByteBuffer second = bytes.slice(LogFormat.SEGMENT_HEADER_BYTES, Blocks.SIZE);
            BatchHeader batch = LogFormat.decodeBatch(second);
            header = batch == null ? null : batch.segment();
        }
        if (header == null || header.logId() != logId) {
            unidentifiedSegments++;
        } else {
            found.computeIfAbsent(header.chain().volume(), _ -> new ArrayList<>())
                    .add(new FoundSegment(segment, header));
        }
    }

    private void finish() {
        IoFault fault = unreadable;
        if (fault != null) {
            // It may hold the newest entries: without it the log would seem to end before them.
            done.accept(new OpenResult.Failed(fault));
            return;
        }
        free.sort(null);
        free.forEach(pool::give);
        found.values().forEach(segments -> segments.sort(FoundSegment.BY_PLACE));
        BlockDevice second = copies.second();
        if (second == null) {
            secondCopy();
        } else {
            BlockDevice first = copies.first();
            mend(first, 0, () -> mend(second, 1, this::secondCopy));
        }
    }

    private void mend(BlockDevice device, int copy, Runnable next) {
        if (repairs.get(copy).isEmpty()) {
            next.run();
        } else {
            copies.repair(device, repairs.get(copy), _ -> next.run());
        }
    }

    /// Makes a copy anew, or notes that there is none.
    private void secondCopy() {
        BlockDevice target = anew;
        if (copies.in().isEmpty()) {
            done.accept(new OpenResult.Failed(copies.lastFault()));
        } else if (target != null) {
            new CopyRebuild(copies, target, pool, free, this::opened).start();
        } else if (copies.in().size() == 1 && copies.header().state() == LogFormat.BOTH) {
            // It goes on alone from here, and says so before anything else is written.
            copies.say(copies.header().next(LogFormat.ALONE), this::opened);
        } else {
            opened(null);
        }
    }

    private void opened(@Nullable IoFault fault) {
        done.accept(
                fault == null
                        ? new OpenResult.Opened(new NvLog(this))
                        : new OpenResult.Failed(fault));
    }

    LogCopies copies() {
        return copies;
    }

    EventLoop loop() {
        return loop;
    }

    LongSupplier entropy() {
        return entropy;
    }

    MetricRegistry metrics() {
        return metrics;
    }

    long logId() {
        return logId;
    }

    SegmentPool pool() {
        return pool;
    }

    Map<VolumeId, List<FoundSegment>> found() {
        return found;
    }

    int unidentifiedSegments() {
        return unidentifiedSegments;
    }
}
