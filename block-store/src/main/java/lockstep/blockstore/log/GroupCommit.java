package lockstep.blockstore.log;

import com.codahale.metrics.Histogram;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Many appends of many streams, one durable write. At most one is under way; whatever comes in
/// meanwhile is the next one, so batches grow with the load and a lone append waits for nobody.
/// Erasures of segment headers stand in the same line, each alone and before the next commit.
///
/// After the first fault the device is out for good: nothing is written or acknowledged again.
final class GroupCommit {
    // Header and first batch header: either alone would still tell whose the segment was.
    private static final int ERASED_BYTES = LogFormat.SEGMENT_HEADER_BYTES + Blocks.SIZE;

    private final LogCopies copies;
    private final EventLoop loop;
    private final SegmentPool pool;
    private final Timer commitTime;
    private final Histogram entriesPerCommit;
    private final Meter bytesWritten;
    private final LinkedHashSet<LogStream> waiting = new LinkedHashSet<>();
    private final ArrayDeque<Erasure> erasures = new ArrayDeque<>();
    private boolean busy;
    private final Consumer<IoFault> onFailure;
    private @Nullable IoFault out;

    /// `onFailure` takes the fault that puts the device out, once.
    GroupCommit(
            LogCopies copies,
            EventLoop loop,
            SegmentPool pool,
            MetricRegistry metrics,
            Consumer<IoFault> onFailure) {
        this.onFailure = onFailure;
        this.copies = copies;
        this.loop = loop;
        this.pool = pool;
        this.commitTime = metrics.timer("log.commit.time");
        this.entriesPerCommit = metrics.histogram("log.commit.entries");
        this.bytesWritten = metrics.meter("log.bytes");
    }

    private record Erasure(List<Integer> segments, IoCompletion done) {}

    /// Why nothing is acknowledged any more, or null while all is well.
    @Nullable IoFault out() {
        return out;
    }

    /// `stream` has something to commit.
    void join(LogStream stream) {
        waiting.add(stream);
        startLater();
    }

    /// Makes the headers of `segments` zero, durably; they are in the pool when `done` is called.
    void erase(List<Integer> segments, IoCompletion done) {
        erasures.add(new Erasure(List.copyOf(segments), done));
        startLater();
    }

    // One task later, so that everything appended in this task is in the same commit.
    private void startLater() {
        if (!busy) {
            busy = true;
            loop.execute(this::startNext);
        }
    }

    private void startNext() {
        if (!erasures.isEmpty()) {
            startErasure(erasures.remove());
        } else if (!waiting.isEmpty()) {
            startCommit();
        } else {
            busy = false;
        }
    }

    private void startErasure(Erasure erasure) {
        IoFault fault = out;
        if (fault != null || erasure.segments().isEmpty()) {
            loop.execute(() -> endErasure(erasure, fault));
            return;
        }
        ByteBuffer zeros = ByteBuffer.allocateDirect(ERASED_BYTES);
        List<Extent> extents = new ArrayList<>();
        for (int segment : erasure.segments()) {
            extents.add(new Extent(pool.offset(segment), List.of(zeros.duplicate())));
        }
        copies.writeDurably(extents, ended -> endErasure(erasure, ended));
    }

    private void endErasure(Erasure erasure, @Nullable IoFault fault) {
        if (fault == null) {
            erasure.segments().forEach(pool::give);
        }
        erasure.done().ended(fault);
        if (fault != null && out == null) {
            fail(fault, List.of());
        }
        startNext();
    }

    private void startCommit() {
        List<LogStream> streams = new ArrayList<>(waiting);
        waiting.clear();
        if (out != null) {
            busy = false;
            return;
        }
        List<Extent> extents = new ArrayList<>();
        int entries = 0;
        for (LogStream stream : streams) {
            entries += stream.seal(extents);
        }
        long bytes = extents.stream().mapToLong(Extent::length).sum();
        long startedNanos = loop.clock().nanoTime();
        entriesPerCommit.update(entries);
        if (extents.isEmpty()) {
            // Everything that waited was dropped meanwhile.
            startNext();
            return;
        }
        copies.writeDurably(
                extents,
                fault -> {
                    long tookNanos = loop.clock().nanoTime() - startedNanos;
                    commitTime.update(tookNanos, TimeUnit.NANOSECONDS);
                    bytesWritten.mark(bytes);
                    endCommit(streams, fault);
                });
    }

    // The next commit starts before listeners run, so the device never waits for them.
    private void endCommit(List<LogStream> streams, @Nullable IoFault fault) {
        if (fault != null) {
            fail(fault, streams);
            startNext();
            return;
        }
        streams.forEach(LogStream::settle);
        startNext();
        streams.forEach(LogStream::tellDurable);
    }

    private void fail(IoFault fault, List<LogStream> streams) {
        out = fault;
        LinkedHashSet<LogStream> concerned = new LinkedHashSet<>(streams);
        concerned.addAll(waiting);
        concerned.forEach(LogStream::giveUp);
        onFailure.accept(fault);
    }
}
