package lockstep.blockstore.io.real;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.EventLoop;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/// The writes of all disks of one loop: those of one turn of it, as a chunk of stripes makes for
/// each of its disks, are copied, begun and waited for by one thread. A thread for each disk would
/// be woken twice and wake the loop: five disks did that fifteen times for a chunk.
///
/// No disk waits for another that stands still. If the system does not come back from beginning the
/// writes of one disk, those behind it go to the threads of their own disks, and another thread
/// tells of those before it; what has ended is told soon, whatever has not. What is not written as
/// a whole goes to its disk's threads too, which find out why.
public final class DiskWrites {
    /// So long others wait for a disk's writes to begin.
    static final long BEGIN_NANOS = 50_000_000;

    private static final int LANES_KEPT = 4;

    private final EventLoop loop;
    private final Executor threads;
    private final Supplier<@Nullable WriteLane> lanes;
    private final long beginNanos;
    private final Deque<Lane> free = new ConcurrentLinkedDeque<>();
    private List<DiskWrite> asked = new ArrayList<>();

    /// For the disks whose loop is `loop`.
    public DiskWrites(EventLoop loop) {
        this(
                loop,
                Executors.newCachedThreadPool(
                        Thread.ofPlatform().daemon().name("io-disks-", 0).factory()),
                DiskWrites::openLane,
                BEGIN_NANOS);
    }

    DiskWrites(
            EventLoop loop,
            Executor threads,
            Supplier<@Nullable WriteLane> lanes,
            long beginNanos) {
        this.loop = loop;
        this.threads = threads;
        this.lanes = lanes;
        this.beginNanos = beginNanos;
    }

    static @Nullable WriteLane openLane() {
        QueueCalls calls = QueueCalls.FOUND;
        return calls == null ? null : WriteLane.open(calls, WriteBundle.RANGES);
    }

    /// A lane, and the memory from which it writes.
    record Lane(WriteLane queue, ByteBuffer memory) {}

    /// Whether `extents` of `file` may go with others.
    static boolean takes(WriteQueue file, List<Extent> extents) {
        long bytes = extents.stream().mapToLong(Extent::length).sum();
        return extents.size() <= WriteQueue.MOST
                && bytes <= StagedTransfers.PIECE
                && file.goesWithOthers();
    }

    /// Begins `write` when the loop has done what it is doing.
    void add(DiskWrite write) {
        Check.that(loop.inLoop(), "disks are written on their loop");
        if (asked.isEmpty()) {
            loop.execute(this::beginAll);
        }
        asked.add(write);
    }

    private void beginAll() {
        WriteBundle bundle = new WriteBundle(this, loop, beginNanos);
        for (DiskWrite write : asked) {
            if (!bundle.hasRoomFor(write)) {
                begin(bundle);
                bundle = new WriteBundle(this, loop, beginNanos);
            }
            bundle.add(write);
        }
        asked = new ArrayList<>();
        begin(bundle);
    }

    private void begin(WriteBundle bundle) {
        if (start(bundle::run)) {
            bundle.lookLater();
        } else {
            bundle.leaveAll();
        }
    }

    /// False if the system has no thread for `task`.
    boolean start(Runnable task) {
        try {
            threads.execute(task);
            return true;
        } catch (OutOfMemoryError _) {
            return false;
        }
    }

    /// One for a bundle, to be given back; null if the system has none.
    @Nullable Lane lane() {
        Lane known = free.pollFirst();
        if (known != null) {
            return known;
        }
        WriteLane queue = lanes.get();
        return queue == null ? null : new Lane(queue, StagedTransfers.aligned(WriteBundle.BYTES));
    }

    void giveBack(Lane lane) {
        if (free.size() < LANES_KEPT) {
            free.offerFirst(lane);
        } else {
            lane.queue.close();
        }
    }
}
