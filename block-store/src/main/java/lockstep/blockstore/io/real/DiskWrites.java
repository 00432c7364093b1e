package lockstep.blockstore.io.real;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

/// The writes of all disks of one loop: those of one turn of it, as a chunk of stripes makes for
/// each of its disks, are copied, begun and waited for by one thread. A thread for each disk would
/// be woken twice and wake the loop: five disks did that fifteen times for a chunk.
///
/// No disk waits for another that stands still. If the system does not come back from beginning the
/// writes of one disk, those behind it go to the threads of their own disks; what has ended is told
/// soon, whatever has not. What is not written as a whole goes to its disk's threads too, which
/// find out why.
public final class DiskWrites {
    // Of all requests of one bundle.
    private static final int RANGES = 8 * WriteQueue.MOST;
    private static final int BYTES = 2 * StagedTransfers.PIECE;

    // Within this, all that one thread has is begun, or goes to other threads.
    private static final long BEGIN_NANOS = 50_000_000;

    // A disk that takes so long to begin a write is not worth waiting for.
    private static final long SLOW_NANOS = 5_000_000;

    // What has ended waits so long for the rest of its bundle: telling all is one task.
    private static final long TOGETHER_NANOS = 10_000_000;

    private static final int LANES_KEPT = 4;

    private final EventLoop loop;
    private final Executor threads;
    private final Deque<Lane> free = new ConcurrentLinkedDeque<>();
    private List<Request> asked = new ArrayList<>();

    /// For the disks whose loop is `loop`.
    public DiskWrites(EventLoop loop) {
        this(
                loop,
                Executors.newCachedThreadPool(
                        Thread.ofPlatform().daemon().name("io-disks-", 0).factory()));
    }

    DiskWrites(EventLoop loop, Executor threads) {
        this.loop = loop;
        this.threads = threads;
    }

    /// One write of one disk; `alone` has the disk's own threads do it.
    static final class Request {
        private final WriteQueue file;
        private final Operation operation;
        private final List<Extent> extents;
        private final IoCompletion done;
        private final Runnable alone;
        private final int bytes;
        private final AtomicBoolean taken = new AtomicBoolean();
        private int left;
        private boolean spoiled;

        Request(
                WriteQueue file,
                Operation operation,
                List<Extent> extents,
                IoCompletion done,
                Runnable alone) {
            this.file = file;
            this.operation = operation;
            this.extents = extents;
            this.done = done;
            this.alone = alone;
            this.bytes = Math.toIntExact(extents.stream().mapToLong(Extent::length).sum());
        }

        // By the thread that begins it, or by the loop, which does not wait for that any more.
        boolean take() {
            return taken.compareAndSet(false, true);
        }

        // What of it began has ended, all of it well or not.
        void over(boolean well) {
            file.leave();
            if (!well) {
                alone.run();
            }
        }
    }

    // A lane and the memory from which it writes.
    private record Lane(WriteLane queue, ByteBuffer memory) {}

    /// Whether `extents` of `file` may go with others.
    static boolean takes(WriteQueue file, List<Extent> extents) {
        long bytes = extents.stream().mapToLong(Extent::length).sum();
        return extents.size() <= WriteQueue.MOST
                && bytes <= StagedTransfers.PIECE
                && file.goesWithOthers();
    }

    /// Begins `request` when the loop has done what it is doing.
    void add(Request request) {
        Check.that(loop.inLoop(), "disks are written on their loop");
        if (asked.isEmpty()) {
            loop.execute(this::beginAll);
        }
        asked.add(request);
    }

    private void beginAll() {
        Bundle bundle = new Bundle();
        for (Request request : asked) {
            if (!bundle.hasRoomFor(request)) {
                begin(bundle);
                bundle = new Bundle();
            }
            bundle.add(request);
        }
        asked = new ArrayList<>();
        begin(bundle);
    }

    private void begin(Bundle bundle) {
        threads.execute(bundle::run);
        var _ = loop.clock().schedule(BEGIN_NANOS, bundle::look);
    }

    private @Nullable Lane lane() {
        Lane known = free.pollFirst();
        QueueCalls calls = QueueCalls.FOUND;
        if (known != null || calls == null) {
            return known;
        }
        WriteLane queue = WriteLane.open(calls, RANGES);
        return queue == null ? null : new Lane(queue, StagedTransfers.aligned(BYTES));
    }

    private void giveBack(Lane lane) {
        if (free.size() < LANES_KEPT) {
            free.offerFirst(lane);
        } else {
            lane.queue.close();
        }
    }

    /// What one thread does.
    private final class Bundle {
        private final List<Request> requests = new ArrayList<>();
        private final List<Request> owners = new ArrayList<>();
        private int ranges;
        private int bytes;
        private volatile @Nullable Request beginning;

        boolean hasRoomFor(Request request) {
            return ranges + request.extents.size() <= RANGES && bytes + request.bytes <= BYTES;
        }

        void add(Request request) {
            requests.add(request);
            ranges += request.extents.size();
            bytes += request.bytes;
        }

        void run() {
            Lane lane = lane();
            if (lane == null) {
                leaveAll();
                return;
            }
            ByteBuffer memory = lane.memory.clear();
            for (Request request : requests) {
                if (request.take()) {
                    begin(request, lane.queue, memory);
                }
            }
            if (await(lane.queue)) {
                giveBack(lane);
            }
        }

        private void begin(Request request, WriteLane queue, ByteBuffer memory) {
            if (!request.file.enter()) {
                request.alone.run();
                return;
            }
            long from = MemorySegment.ofBuffer(memory).address();
            try {
                for (Extent extent : request.extents) {
                    for (ByteBuffer buffer : extent.buffers()) {
                        StagedTransfers.copy(request.operation, buffer.duplicate(), memory);
                    }
                }
            } catch (IOException _) {
                // Given up: nobody waits for it.
                request.over(true);
                return;
            }
            int first = owners.size();
            for (Extent extent : request.extents) {
                int length = (int) extent.length();
                queue.set(owners.size(), request.file.descriptor(), from, length, extent.offset());
                owners.add(request);
                from += length;
            }
            beginning = request;
            long sinceNanos = System.nanoTime();
            int begun = queue.begin(first, request.extents.size());
            if (System.nanoTime() - sinceNanos > SLOW_NANOS) {
                request.file.isSlow();
            }
            beginning = null;
            request.left = begun;
            request.spoiled = begun < request.extents.size();
            if (begun == 0) {
                request.over(false);
            }
        }

        // Whether the lane is of further use.
        private boolean await(WriteLane queue) {
            int left = 0;
            for (Request request : requests) {
                left += request.left;
            }
            long patience = TOGETHER_NANOS;
            while (left > 0) {
                int told = queue.await(patience == 0 ? 1 : left, patience);
                if (told < 0) {
                    lost(queue);
                    return false;
                }
                left -= told;
                patience = 0;
                tell(ended(queue, told));
            }
            return true;
        }

        private List<Request> ended(WriteLane queue, int told) {
            List<Request> whole = new ArrayList<>();
            for (int i = 0; i < told; i++) {
                Request request = owners.get(queue.number(i));
                request.spoiled |= !queue.isWhole(i);
                request.left--;
                if (request.left == 0) {
                    request.over(!request.spoiled);
                    if (!request.spoiled) {
                        whole.add(request);
                    }
                }
            }
            return whole;
        }

        private void tell(List<Request> whole) {
            if (whole.isEmpty()) {
                return;
            }
            loop.execute(
                    () -> {
                        for (Request request : whole) {
                            if (request.operation.end()) {
                                request.done.ended(null);
                            }
                        }
                    });
        }

        // Closed, it has nothing any more.
        private void lost(WriteLane queue) {
            queue.close();
            for (Request request : requests) {
                if (request.left > 0) {
                    request.left = 0;
                    request.over(false);
                }
            }
        }

        // On the loop, once.
        void look() {
            Request stuck = beginning;
            if (stuck != null) {
                stuck.file.isSlow();
            }
            leaveAll();
        }

        private void leaveAll() {
            for (Request request : requests) {
                if (request.take()) {
                    request.alone.run();
                }
            }
        }
    }
}
