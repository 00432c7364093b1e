package lockstep.blockstore.log;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogFormat.BatchHeader;
import lockstep.blockstore.log.LogFormat.LogHeader;
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

/// Opens a log: flush, log header (or its copy), then header and first batch header of every
/// segment, a few at a time. Sorts segments into free, owned, and unidentified ones.
final class LogOpening {
    private static final int LANES = 16;
    private static final int PROBE_BYTES = LogFormat.SEGMENT_HEADER_BYTES + Blocks.SIZE;

    private final BlockDevice device;
    private final EventLoop loop;
    private final LongSupplier entropy;
    private final MetricRegistry metrics;
    private final Consumer<OpenResult> done;
    private final TreeMap<VolumeId, List<FoundSegment>> found = new TreeMap<>();
    private final List<Integer> free = new ArrayList<>();
    private SegmentPool pool = new SegmentPool(0, 0);
    private long logId;
    private int unidentifiedSegments;
    private int nextSegment;
    private int busyLanes;

    LogOpening(
            BlockDevice device,
            EventLoop loop,
            LongSupplier entropy,
            MetricRegistry metrics,
            Consumer<OpenResult> done) {
        this.device = device;
        this.loop = loop;
        this.entropy = entropy;
        this.metrics = metrics;
        this.done = done;
    }

    void start() {
        device.flush(
                fault -> {
                    if (fault != null) {
                        done.accept(new OpenResult.Failed(fault));
                    } else {
                        readLogHeader(0);
                    }
                });
    }

    private void readLogHeader(int copy) {
        ByteBuffer block = ByteBuffer.allocateDirect(Blocks.SIZE);
        Extent extent = new Extent(Blocks.toBytes(copy), List.of(block.duplicate()));
        device.read(extent, fault -> haveLogHeader(copy, block, fault));
    }

    private void haveLogHeader(int copy, ByteBuffer block, @Nullable IoFault fault) {
        LogHeader header = fault == null ? LogFormat.decodeLog(block) : null;
        if (header != null) {
            logId = header.logId();
            long segments = (device.size() - LogFormat.SEGMENTS_AT) / header.segmentBytes();
            pool = new SegmentPool(header.segmentBytes(), Math.toIntExact(segments));
            startLanes();
        } else if (copy == 0) {
            readLogHeader(1);
        } else if (fault != null) {
            done.accept(new OpenResult.Failed(fault));
        } else {
            String reason = device.name() + " holds no log, or one of a version unknown here";
            done.accept(new OpenResult.NotALog(reason));
        }
    }

    private void startLanes() {
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
        int segment = nextSegment++;
        ByteBuffer bytes = ByteBuffer.allocateDirect(PROBE_BYTES);
        Extent extent = new Extent(pool.offset(segment), List.of(bytes.duplicate()));
        device.read(
                extent,
                fault -> {
                    sort(segment, bytes, fault);
                    probeNext();
                });
    }

    // A tear leaves a header whole or as it was before; so one that is neither zero nor valid is
    // rotten, and the batch behind it tells whose it is.
    private void sort(int segment, ByteBuffer bytes, @Nullable IoFault fault) {
        ByteBuffer block = bytes.slice(0, Blocks.SIZE);
        SegmentHeader header = fault == null ? LogFormat.decodeSegment(block) : null;
        if (fault == null && header == null && isZero(block)) {
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

    private static boolean isZero(ByteBuffer block) {
        for (int i = 0; i < Blocks.SIZE; i += Long.BYTES) {
            if (block.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private void finish() {
        free.sort(null);
        free.forEach(pool::give);
        found.values().forEach(segments -> segments.sort(FoundSegment.BY_PLACE));
        done.accept(new OpenResult.Opened(new NvLog(this)));
    }

    BlockDevice device() {
        return device;
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
