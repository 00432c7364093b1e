package lockstep.blockstore.io.real;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A queue of the system for writes past the page cache, and the memory to talk about it: many
/// begin with one call, and one call waits for many. For one thread at a time, but that one may
/// wait while another begins.
class WriteLane {
    // struct iocb, struct io_event and struct timespec of Linux, on processors with the low byte
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
    private static final long NANOS = 1_000_000_000;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final QueueCalls calls;
    private final int most;
    private final Arena arena = Arena.ofShared();
    // One for who begins and one for who waits: these may be two threads.
    private final MemorySegment seen;
    private final MemorySegment seenWaiting;
    private final MemorySegment handle = arena.allocate(LONG);
    private final MemorySegment patience = arena.allocate(LONG, 2);
    private final MemorySegment requests;
    private final MemorySegment pointers;
    private final MemorySegment events;

    WriteLane(QueueCalls calls, int most) {
        this.calls = calls;
        this.most = most;
        seen = calls.errorState(arena);
        seenWaiting = calls.errorState(arena);
        requests = arena.allocate(most * REQUEST_BYTES, Long.BYTES);
        pointers = arena.allocate(LONG, most);
        events = arena.allocate(most * EVENT_BYTES, Long.BYTES);
        for (int i = 0; i < most; i++) {
            long at = i * REQUEST_BYTES;
            requests.set(LONG, at + NUMBER_AT, i);
            requests.set(ValueLayout.JAVA_SHORT, at + OPERATION_AT, WRITE);
            pointers.setAtIndex(LONG, i, requests.address() + at);
        }
    }

    /// One for `most` writes at once; null if the system has no room for it: it has a number of
    /// them in all (`fs.aio-max-nr`).
    static @Nullable WriteLane open(QueueCalls calls, int most) {
        WriteLane made = new WriteLane(calls, most);
        return made.setUp() ? made : null;
    }

    /// Whether the system has made the queue; else it is of no use.
    final boolean setUp() {
        boolean made = calls.setup(seen, most, handle) >= 0;
        if (!made) {
            arena.close();
        }
        return made;
    }

    /// Request `number`, which is not under way, is to write `length` bytes from `address` on to
    /// `offset` of the file.
    void set(int number, int descriptor, long address, int length, long offset) {
        long at = number * REQUEST_BYTES;
        requests.set(INT, at + DESCRIPTOR_AT, descriptor);
        requests.set(LONG, at + MEMORY_AT, address);
        requests.set(LONG, at + LENGTH_AT, length);
        requests.set(LONG, at + OFFSET_AT, offset);
    }

    /// Begins `count` requests from `first` on, as many as the system takes; gives how many. It
    /// stops at one that makes no sense to it.
    int begin(int first, int count) {
        int begun = 0;
        long taken = 1;
        while (begun < count && taken > 0) {
            MemorySegment rest = pointers.asSlice((long) (first + begun) * Long.BYTES);
            taken = calls.submit(seen, handle.get(LONG, 0), count - begun, rest);
            begun += (int) Math.max(0, taken);
        }
        return begun;
    }

    /// Waits until `least` requests have ended, or `nanos` are over (0: without end); gives how
    /// many have, which [#number] and [#isWhole] tell of until the next call. Negative if the queue
    /// is lost: the lane is then to be closed.
    int await(int least, long nanos) {
        patience.set(LONG, 0, nanos / NANOS);
        patience.set(LONG, Long.BYTES, nanos % NANOS);
        long until = nanos == 0 ? 0 : patience.address();
        long told = calls.events(seenWaiting, handle.get(LONG, 0), least, most, events, until);
        return told == -QueueCalls.INTERRUPTED ? 0 : (int) told;
    }

    /// Which request has ended, for the event at `index`.
    int number(int index) {
        return (int) events.get(LONG, index * EVENT_BYTES + NUMBER_AT);
    }

    /// Whether all of it is written.
    boolean isWhole(int index) {
        long length = requests.get(LONG, number(index) * REQUEST_BYTES + LENGTH_AT);
        return events.get(LONG, index * EVENT_BYTES + RESULT_AT) == length;
    }

    /// What is under way is waited for.
    void close() {
        calls.destroy(seen, handle.get(LONG, 0));
        arena.close();
    }
}
