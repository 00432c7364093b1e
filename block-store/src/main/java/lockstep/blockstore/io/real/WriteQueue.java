package lockstep.blockstore.io.real;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicInteger;

/// Writes many ranges of one file, past the page cache, with two calls of the system: one begins
/// all of them, one waits for all. Range by range each would wake a thread and the device for
/// itself, which costs three times the processor time, and the device would have one at a time
/// only. For the I/O threads of one device.
///
/// It has a descriptor of its own, as Java does not tell the one of a channel; like every
/// descriptor of a locked file it is closed last, because closing any of them drops the lock.
final class WriteQueue implements AutoCloseable {
    /// Ranges that go at once.
    static final int MOST = 64;

    private static final int WRITES_ALONE = 100;

    private final SystemCalls files;
    private final QueueCalls calls;
    private final int descriptor;
    private final Deque<WriteLane> free = new ConcurrentLinkedDeque<>();
    // Whoever else has the descriptor, and the device.
    private final Phaser users = new Phaser(1);
    private final AtomicInteger alone = new AtomicInteger();
    // Until the system refuses a lane.
    private volatile boolean hasRoom = true;

    private WriteQueue(SystemCalls files, QueueCalls calls, int descriptor) {
        this.files = files;
        this.calls = calls;
        this.descriptor = descriptor;
    }

    /// Ready for the file at `path`; null where the system is none that can, or does not let us.
    static @Nullable WriteQueue open(Path path) {
        SystemCalls files = SystemCalls.FOUND;
        QueueCalls calls = QueueCalls.FOUND;
        if (files == null || calls == null) {
            return null;
        }
        int descriptor = files.open(path.toString(), calls.directFlag());
        return descriptor < 0 ? null : new WriteQueue(files, calls, descriptor);
    }

    /// Writes what is left in `memory`, which is direct and aligned: for each `i` the next
    /// `lengths[i]` bytes to `offsets[i]`. Gives those `i` whose bytes are written: the others may
    /// be in part, and are for the caller to write again, who finds out why. The memory is nobody
    /// else's until it returns.
    BitSet write(ByteBuffer memory, long[] offsets, int[] lengths) throws IOException {
        WriteLane known = free.pollFirst();
        WriteLane lane = known == null && hasRoom ? lane() : known;
        if (lane == null) {
            return new BitSet();
        }
        long from = MemorySegment.ofBuffer(memory).address();
        for (int i = 0; i < offsets.length; i++) {
            lane.set(i, descriptor, from, lengths[i], offsets[i]);
            from += lengths[i];
        }
        BitSet written = ended(lane, lane.begin(0, offsets.length));
        free.offerFirst(lane);
        return written;
    }

    private @Nullable WriteLane lane() {
        WriteLane made = WriteLane.open(calls, MOST);
        hasRoom = made != null;
        return made;
    }

    private static BitSet ended(WriteLane lane, int begun) throws IOException {
        BitSet written = new BitSet(begun);
        int left = begun;
        while (left > 0) {
            int told = lane.await(left, 0);
            if (told < 0) {
                // Closed, it has nothing any more: the memory is the caller's again.
                lane.close();
                throw new IOException("the system has lost a queue: error " + -told);
            }
            for (int i = 0; i < told; i++) {
                written.set(lane.number(i), lane.isWhole(i));
            }
            left -= told;
        }
        return written;
    }

    /// The descriptor, which is used between [#enter] and [#leave] only.
    int descriptor() {
        return descriptor;
    }

    /// Somebody has the descriptor until [#leave]; false if it is closed.
    boolean enter() {
        return users.register() >= 0;
    }

    void leave() {
        users.arriveAndDeregister();
    }

    /// It takes the system long to begin a write here: nobody else is to wait for that, for some
    /// time.
    void isSlow() {
        alone.set(WRITES_ALONE);
    }

    /// Whether the next write may go together with those of other files.
    boolean goesWithOthers() {
        return alone.get() == 0 || alone.decrementAndGet() < 0;
    }

    /// None of the device's own operations is under way any more, and none comes; others who have
    /// the descriptor are waited for.
    @Override
    public void close() {
        users.awaitAdvance(users.arriveAndDeregister());
        for (WriteLane lane = free.poll(); lane != null; lane = free.poll()) {
            lane.close();
        }
        files.close(descriptor);
    }
}
