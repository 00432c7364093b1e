package lockstep.blockstore.io.real;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

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

    private final SystemCalls files;
    private final QueueCalls calls;
    private final int descriptor;
    private final Deque<Lane> free = new ConcurrentLinkedDeque<>();
    // Until the system refuses a lane: it has a number of them in all (fs.aio-max-nr).
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
        Lane known = free.pollFirst();
        Lane lane = known == null && hasRoom ? lane() : known;
        if (lane == null) {
            return new BitSet();
        }
        BitSet written = lane.write(MemorySegment.ofBuffer(memory).address(), offsets, lengths);
        free.offerFirst(lane);
        return written;
    }

    private @Nullable Lane lane() {
        Lane made = new Lane();
        if (made.handle() != 0) {
            return made;
        }
        made.arena.close();
        hasRoom = false;
        return null;
    }

    /// No operation is under way any more, and none comes.
    @Override
    public void close() {
        for (Lane lane = free.poll(); lane != null; lane = free.poll()) {
            lane.end();
        }
        files.close(descriptor);
    }

    /// A queue of the system and the memory to talk about it, for one thread at a time.
    private final class Lane {
        // struct iocb and struct io_event of linux/aio_abi.h, on processors with the low byte
        // first.
        private static final long REQUEST_BYTES = 64;
        private static final long NUMBER_AT = 0;
        private static final long OPERATION_AT = 16;
        private static final long DESCRIPTOR_AT = 20;
        private static final long MEMORY_AT = 24;
        private static final long LENGTH_AT = 32;
        private static final long OFFSET_AT = 40;
        private static final long EVENT_BYTES = 32;
        private static final long RESULT_AT = 16;
        private static final short WRITE = 1;
        private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

        private final Arena arena = Arena.ofShared();
        private final MemorySegment seen = calls.errorState(arena);
        private final MemorySegment handle = arena.allocate(LONG);
        private final MemorySegment requests = arena.allocate(MOST * REQUEST_BYTES, Long.BYTES);
        private final MemorySegment pointers = arena.allocate(LONG, MOST);
        private final MemorySegment events = arena.allocate(MOST * EVENT_BYTES, Long.BYTES);

        Lane() {
            if (calls.setup(seen, MOST, handle) < 0) {
                handle.set(LONG, 0, 0);
            }
            for (int i = 0; i < MOST; i++) {
                long at = i * REQUEST_BYTES;
                requests.set(LONG, at + NUMBER_AT, i);
                requests.set(ValueLayout.JAVA_SHORT, at + OPERATION_AT, WRITE);
                requests.set(ValueLayout.JAVA_INT, at + DESCRIPTOR_AT, descriptor);
                pointers.setAtIndex(LONG, i, requests.address() + at);
            }
        }

        /// 0 if the system has no room for it.
        long handle() {
            return handle.get(LONG, 0);
        }

        BitSet write(long address, long[] offsets, int[] lengths) throws IOException {
            long from = address;
            for (int i = 0; i < offsets.length; i++) {
                long at = i * REQUEST_BYTES;
                requests.set(LONG, at + MEMORY_AT, from);
                requests.set(LONG, at + LENGTH_AT, lengths[i]);
                requests.set(LONG, at + OFFSET_AT, offsets[i]);
                from += lengths[i];
            }
            return ended(begin(offsets.length), lengths);
        }

        // As many as the system takes. It stops at one that makes no sense to it.
        private int begin(int count) {
            int begun = 0;
            long taken = 1;
            while (begun < count && taken > 0) {
                MemorySegment rest = pointers.asSlice((long) begun * Long.BYTES);
                taken = calls.submit(seen, handle(), count - begun, rest);
                begun += (int) Math.max(0, taken);
            }
            return begun;
        }

        private BitSet ended(int count, int[] lengths) throws IOException {
            BitSet written = new BitSet(count);
            int left = count;
            while (left > 0) {
                long told = calls.events(seen, handle(), left, events);
                if (told < 0 && told != -QueueCalls.INTERRUPTED) {
                    // Ended, it has nothing any more: the memory is the caller's again.
                    end();
                    throw new IOException("the system has lost a queue: error " + -told);
                }
                for (int i = 0; i < told; i++) {
                    long at = i * EVENT_BYTES;
                    int number = (int) events.get(LONG, at + NUMBER_AT);
                    written.set(number, events.get(LONG, at + RESULT_AT) == lengths[number]);
                }
                left -= (int) Math.max(0, told);
            }
            return written;
        }

        void end() {
            calls.destroy(seen, handle());
            arena.close();
        }
    }
}
