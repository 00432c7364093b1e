package lockstep.cli.e2e.net;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// The few calls of Linux that Java has no way to: entering a network namespace, and a TUN device.
@SuppressWarnings("restricted") // foreign functions
final class Native {
    static final int READ_ONLY = 0;
    static final int READ_WRITE = 2;
    private static final int CLOSE_ON_EXEC = 0x80000;
    private static final int NEW_NET = 0x40000000;
    private static final long SET_INTERFACE = 0x400454caL; // TUNSETIFF
    private static final short TUN_WITHOUT_HEADER = 0x1001; // IFF_TUN | IFF_NO_PI
    private static final int REQUEST_BYTES = 40;
    private static final int FLAGS_AT = 16;
    private static final short POLL_IN = 1;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final MethodHandle OPEN =
            call("open", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT), 2);
    private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(INT, INT), 1);
    private static final MethodHandle SETNS =
            call("setns", FunctionDescriptor.of(INT, INT, INT), 2);
    private static final MethodHandle IOCTL =
            call("ioctl", FunctionDescriptor.of(INT, INT, LONG, ValueLayout.ADDRESS), 2);
    private static final MethodHandle READ =
            call("read", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG), 3);
    private static final MethodHandle WRITE =
            call("write", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG), 3);
    private static final MethodHandle POLL =
            call("poll", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, LONG, INT), 3);

    private Native() {}

    // `open` and `ioctl` have more arguments than they name.
    private static MethodHandle call(String name, FunctionDescriptor descriptor, int named) {
        MemorySegment address = LINKER.defaultLookup().find(name).orElseThrow();
        Linker.Option state = Linker.Option.captureCallState("errno");
        return named == descriptor.argumentLayouts().size()
                ? LINKER.downcallHandle(address, descriptor, state)
                : LINKER.downcallHandle(
                        address, descriptor, state, Linker.Option.firstVariadicArg(named));
    }

    private interface Call {
        long with(MemorySegment state) throws Throwable;
    }

    private static long checked(String what, Call call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long result = call.with(state);
            if (result < 0) {
                int error = (int) ERRNO.get(state, 0L);
                throw new IllegalStateException(what + " failed with errno " + error);
            }
            return result;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(what, e);
        }
    }

    static int open(String path, int how) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            return (int)
                    checked(
                            "open " + path,
                            s -> (int) OPEN.invokeExact(s, name, how | CLOSE_ON_EXEC));
        }
    }

    static void close(int descriptor) {
        checked("close", s -> (int) CLOSE.invokeExact(s, descriptor));
    }

    /// The calling thread, and those that it starts from here on, live in the namespace.
    static void enter(String namespaceFile) {
        int descriptor = open(namespaceFile, READ_ONLY);
        checked("setns", s -> (int) SETNS.invokeExact(s, descriptor, NEW_NET));
        close(descriptor);
    }

    /// Makes `descriptor`, of /dev/net/tun, a device that carries bare IP packets.
    static void makeTun(int descriptor, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(REQUEST_BYTES);
            request.setString(0, name);
            request.set(ValueLayout.JAVA_SHORT, FLAGS_AT, TUN_WITHOUT_HEADER);
            checked(
                    "TUNSETIFF",
                    s -> (int) IOCTL.invokeExact(s, descriptor, SET_INTERFACE, request));
        }
    }

    /// Whether there is something to read within `millis`.
    static boolean awaitInput(int descriptor, int millis) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entry = arena.allocate(8);
            entry.set(INT, 0, descriptor);
            entry.set(ValueLayout.JAVA_SHORT, 4, POLL_IN);
            return checked("poll", s -> (int) POLL.invokeExact(s, entry, 1L, millis)) > 0;
        }
    }

    static int read(int descriptor, MemorySegment into) {
        return (int)
                checked("read", s -> (long) READ.invokeExact(s, descriptor, into, into.byteSize()));
    }

    static void write(int descriptor, MemorySegment from) {
        checked("write", s -> (long) WRITE.invokeExact(s, descriptor, from, from.byteSize()));
    }
}
