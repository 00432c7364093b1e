package lockstep.blockstore.io.real;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// Linux's queues of input and output: `io_setup(2)`, `io_submit(2)`, `io_getevents(2)` and
/// `io_destroy(2)`, which the C library has no functions for. Not `io_uring`, which containers are
/// commonly not allowed. A negative result is `-errno`. For any thread.
final class QueueCalls {
    static final int INTERRUPTED = 4;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    /// Those of this process; null where the system or the processor is another, or the virtual
    /// machine does not let us.
    static final @Nullable QueueCalls FOUND = find();

    /// What differs between processors: the numbers of the calls, and the flag of `open(2)` for
    /// going past the page cache.
    private record Numbers(int setup, int destroy, int submit, int events, int direct) {
        static @Nullable Numbers ofThisProcessor() {
            return switch (System.getProperty("os.arch", "")) {
                case "amd64" -> new Numbers(206, 207, 209, 208, 0x4000);
                case "aarch64" -> new Numbers(0, 1, 2, 4, 0x10000);
                default -> null;
            };
        }
    }

    private final Numbers numbers;
    private final MethodHandle syscall;
    private final MemoryLayout state = Linker.Option.captureStateLayout();
    private final VarHandle errno = state.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    @SuppressWarnings("restricted")
    private QueueCalls(Numbers numbers, Linker linker) {
        this.numbers = numbers;
        this.syscall =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("syscall"),
                        FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG),
                        Linker.Option.firstVariadicArg(1),
                        Linker.Option.captureCallState("errno"));
    }

    private static @Nullable QueueCalls find() {
        Numbers numbers = Numbers.ofThisProcessor();
        return numbers == null
                ? null
                : SystemCalls.linked(linker -> new QueueCalls(numbers, linker));
    }

    /// The flag of `open(2)` for going past the page cache.
    int directFlag() {
        return numbers.direct;
    }

    /// Memory in which a call of one thread leaves its error.
    MemorySegment errorState(Arena arena) {
        return arena.allocate(state);
    }

    /// Makes a queue for `most` requests, whose handle it puts into `handle`, which is 0 before.
    long setup(MemorySegment seen, int most, MemorySegment handle) {
        return call(seen, numbers.setup, most, handle.address(), 0, 0, 0);
    }

    /// Ends a queue; what it still has is waited for.
    long destroy(MemorySegment seen, long queue) {
        return call(seen, numbers.destroy, queue, 0, 0, 0, 0);
    }

    /// Begins the `count` requests that `pointers` lead to; gives how many of them, from the first.
    long submit(MemorySegment seen, long queue, int count, MemorySegment pointers) {
        return call(seen, numbers.submit, queue, count, pointers.address(), 0, 0);
    }

    /// Waits until `least` requests have ended, or for the time that stands at `until` if that is
    /// not 0; puts at most `most` events into `events` and gives how many.
    long events(
            MemorySegment seen, long queue, int least, int most, MemorySegment events, long until) {
        return call(seen, numbers.events, queue, least, most, events.address(), until);
    }

    private long call(MemorySegment seen, long number, long a, long b, long c, long d, long e) {
        try {
            long result = (long) syscall.invokeExact(seen, number, a, b, c, d, e);
            return result >= 0 ? result : -(int) errno.get(seen, 0L);
        } catch (Throwable impossible) {
            throw new LinkageError("syscall(2)", impossible);
        }
    }
}
