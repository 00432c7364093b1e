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

/// Many appends of many streams, one durable write. Two are under way at most; whatever comes in
/// meanwhile is the next one, so batches grow with the load and a lone append waits for nobody.
/// With one alone the device would rest while answers go out and the next commands come in, and
/// these would wait for all of a commit that they just missed. They may end in any order, and count
/// in the order in which they began: a commit settles when all before it have.
///
/// For a stream that is patient no second one begins. A mirror's entries come many in a frame, from
/// a source that has two under way itself: with two here as well no write was faster.
///
/// Erasures of segment headers stand in the same line, each alone and before the next commit. Where
/// there are two copies each commit is alone too: losing one copy is a sequence of writes.
///
/// After the first fault the device is out for good: nothing is written or acknowledged again, an
/// older commit that is still under way neither.
final class GroupCommit {
    // Header and first batch header: either alone would still tell whose the segment was.
    private static final int ERASED_BYTES = LogFormat.SEGMENT_HEADER_BYTES + Blocks.SIZE;

    private static final int COMMITS_OF_ONE_COPY = 2;

    private final LogCopies copies;
    private final EventLoop loop;
    private final SegmentPool pool;
    private final Timer commitTime;
    private final Histogram entriesPerCommit;
    private final Meter bytesWritten;
    private final LinkedHashSet<LogStream> waiting = new LinkedHashSet<>();
    private final ArrayDeque<Erasure> erasures = new ArrayDeque<>();
    // In the order in which they began; the first of them has not ended.
    private final ArrayDeque<Commit> underWay = new ArrayDeque<>();
    private final int mostUnderWay;
    // Who joined last and still waits: mostly the next one too.
    private @Nullable LogStream joined;
    private boolean turn;
    private boolean erasing;
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
        this.mostUnderWay = copies.all().size() == 1 ? COMMITS_OF_ONE_COPY : 1;
    }

    private record Erasure(List<Integer> segments, IoCompletion done) {}

    /// One commit, from its start until it and all before it have ended.
    private static final class Commit {
        final List<LogStream> streams;
        boolean over;

        Commit(List<LogStream> streams) {
            this.streams = streams;
        }
    }

    /// Why nothing is acknowledged any more, or null while all is well.
    @Nullable IoFault out() {
        return out;
    }

    /// `stream` has something to commit.
    void join(LogStream stream) {
        if (stream.equals(joined)) {
            return;
        }
        joined = stream;
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
        if (!turn) {
            turn = true;
            loop.execute(this::startNext);
        }
    }

    private void startNext() {
        turn = false;
        if (erasing) {
            return;
        }
        if (!erasures.isEmpty()) {
            if (underWay.isEmpty()) {
                startErasure(erasures.remove());
            }
        } else if (!waiting.isEmpty() && mayBegin()) {
            startCommit();
        }
    }

    private boolean mayBegin() {
        if (underWay.isEmpty()) {
            return true;
        }
        return underWay.size() < mostUnderWay && !waiting.stream().allMatch(LogStream::isPatient);
    }

    private void startErasure(Erasure erasure) {
        erasing = true;
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
        erasing = false;
        if (fault == null) {
            erasure.segments().forEach(pool::give);
        }
        erasure.done().ended(fault);
        if (fault != null && out == null) {
            fail(fault);
        }
        startNext();
    }

    private void startCommit() {
        List<LogStream> streams = new ArrayList<>(waiting);
        waiting.clear();
        joined = null;
        if (out != null) {
            return;
        }
        List<Extent> extents = new ArrayList<>();
        int entries = 0;
        for (LogStream stream : streams) {
            entries += stream.seal(extents);
        }
        entriesPerCommit.update(entries);
        Commit commit = new Commit(streams);
        underWay.add(commit);
        if (extents.isEmpty()) {
            // Everything that waited was dropped meanwhile.
            ended(commit, null);
            return;
        }
        long bytes = extents.stream().mapToLong(Extent::length).sum();
        long startedNanos = loop.clock().nanoTime();
        copies.writeDurably(
                extents,
                fault -> {
                    long tookNanos = loop.clock().nanoTime() - startedNanos;
                    commitTime.update(tookNanos, TimeUnit.NANOSECONDS);
                    bytesWritten.mark(bytes);
                    ended(commit, fault);
                });
    }

    // The next commit starts before listeners run, so the device never waits for them.
    private void ended(Commit commit, @Nullable IoFault fault) {
        commit.over = true;
        if (fault != null && out == null) {
            fail(fault);
        }
        List<LogStream> settled = new ArrayList<>();
        while (!underWay.isEmpty() && underWay.getFirst().over) {
            Commit first = underWay.remove();
            if (out == null) {
                first.streams.forEach(LogStream::settle);
                settled.addAll(first.streams);
            } else {
                first.streams.forEach(LogStream::drop);
            }
        }
        startNext();
        settled.forEach(LogStream::tellDurable);
    }

    private void fail(IoFault fault) {
        out = fault;
        waiting.forEach(LogStream::dropPending);
        waiting.clear();
        joined = null;
        onFailure.accept(fault);
    }
}
