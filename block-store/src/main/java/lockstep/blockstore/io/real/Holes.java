package lockstep.blockstore.io.real;

import lockstep.blockstore.base.Check;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.NoSuchElementException;

/// Gives ranges of one file back to its file system, and tells how much that has given:
/// `fallocate(2)` with `FALLOC_FL_PUNCH_HOLE` and `statx(2)`, which Java has no calls for. It has a
/// descriptor of its own, as Java does not tell the one of a channel; like every descriptor of a
/// locked file it is closed last, because closing any of them drops the lock.
///
/// One thread at a time. The first use in a process costs some milliseconds, so it is made on an
/// I/O thread, and not before there is something to give back.
final class Holes implements AutoCloseable {
    private static final int READ_WRITE = 2;
    private static final int CLOSE_ON_EXEC = 0x80000;
    private static final int KEEP_SIZE = 1;
    private static final int PUNCH_HOLE = 2;
    private static final int EMPTY_PATH = 0x1000;
    private static final int STATX_BLOCKS = 0x400;
    private static final long STATX_BYTES = 256;
    private static final long STATX_BLOCKS_AT = 48;
    private static final int INTERRUPTED = 4;
    private static final int INVALID = 22;
    private static final int NO_SUCH_CALL = 38;
    private static final int NO_SPACE = 28;
    private static final int NOT_SUPPORTED = 95;
    private static final int OVER_QUOTA = 122;

    private final Calls calls;
    private final int descriptor;

    private Holes(Calls calls, int descriptor) {
        this.calls = calls;
        this.descriptor = descriptor;
    }

    /// What became of giving a range back.
    enum Answer {
        /// It is a hole, and reads as zeros.
        TAKEN,
        /// The file system found no space to note the hole. The range is what it was, or a hole in
        /// part.
        NO_SPACE,
        /// This file system makes no holes. Nothing has changed.
        REFUSED;

        /// What error `errno` of `fallocate(2)` means, 0 being none. Throws what else it may be.
        static Answer of(int errno) throws IOException {
            return switch (errno) {
                case 0 -> TAKEN;
                case Holes.NO_SPACE, OVER_QUOTA -> NO_SPACE;
                case NOT_SUPPORTED, NO_SUCH_CALL, INVALID -> REFUSED;
                default -> throw new IOException("space cannot be given back: error " + errno);
            };
        }
    }

    /// Ready for the file at `path`; null where the system is none that can, or does not let us.
    static @Nullable Holes open(Path path) {
        Calls calls = Calls.FOUND;
        if (calls == null) {
            return null;
        }
        int descriptor = calls.open(path.toString());
        return descriptor < 0 ? null : new Holes(calls, descriptor);
    }

    /// Makes a hole of a range.
    Answer punch(long offset, long length) throws IOException {
        int error = INTERRUPTED;
        while (error == INTERRUPTED) {
            error = calls.fallocate(descriptor, KEEP_SIZE | PUNCH_HOLE, offset, length);
        }
        return Answer.of(error);
    }

    /// Bytes that the file system has given to the file.
    long held() throws IOException {
        long held = calls.held(descriptor);
        if (held < 0) {
            throw new IOException("its space cannot be told: error " + -held);
        }
        return held;
    }

    @Override
    public void close() {
        calls.close(descriptor);
    }

    /// The functions of the C library; negative results of theirs are told as `-errno` or `errno`.
    private static final class Calls {
        static final @Nullable Calls FOUND = find();

        private final MethodHandle open;
        private final MethodHandle fallocate;
        private final MethodHandle statx;
        private final MethodHandle close;
        private final MemoryLayout state = Linker.Option.captureStateLayout();
        private final VarHandle errno =
                state.varHandle(MemoryLayout.PathElement.groupElement("errno"));

        @SuppressWarnings("restricted")
        private Calls(Linker linker, SymbolLookup library) {
            Linker.Option captured = Linker.Option.captureCallState("errno");
            open =
                    linker.downcallHandle(
                            library.findOrThrow("open"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_INT),
                            Linker.Option.firstVariadicArg(2),
                            captured);
            fallocate =
                    linker.downcallHandle(
                            library.findOrThrow("fallocate"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG),
                            captured);
            statx =
                    linker.downcallHandle(
                            library.findOrThrow("statx"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS),
                            captured);
            close =
                    linker.downcallHandle(
                            library.findOrThrow("close"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        }

        // The numbers above are those of Linux on the processors named here.
        private static @Nullable Calls find() {
            String processor = System.getProperty("os.arch", "");
            boolean known = processor.equals("amd64") || processor.equals("aarch64");
            if (!known || !System.getProperty("os.name", "").equals("Linux")) {
                return null;
            }
            try {
                Linker linker = Linker.nativeLinker();
                return new Calls(linker, linker.defaultLookup());
            } catch (UnsupportedOperationException
                    | IllegalCallerException
                    | NoSuchElementException _) {
                // No linker in this virtual machine, or not for us, or no such function.
                return null;
            }
        }

        int open(String path) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment seen = arena.allocate(state);
                int descriptor =
                        (int)
                                open.invokeExact(
                                        seen, arena.allocateFrom(path), READ_WRITE | CLOSE_ON_EXEC);
                return descriptor >= 0 ? descriptor : -(int) errno.get(seen, 0L);
            } catch (Throwable impossible) {
                throw new LinkageError("open(2)", impossible);
            }
        }

        int fallocate(int descriptor, int mode, long offset, long length) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment seen = arena.allocate(state);
                int result = (int) fallocate.invokeExact(seen, descriptor, mode, offset, length);
                return result == 0 ? 0 : (int) errno.get(seen, 0L);
            } catch (Throwable impossible) {
                throw new LinkageError("fallocate(2)", impossible);
            }
        }

        // The layout of what statx(2) tells is the same on all processors.
        long held(int descriptor) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment seen = arena.allocate(state);
                MemorySegment told = arena.allocate(STATX_BYTES, Long.BYTES);
                int result =
                        (int)
                                statx.invokeExact(
                                        seen,
                                        descriptor,
                                        arena.allocateFrom(""),
                                        EMPTY_PATH,
                                        STATX_BLOCKS,
                                        told);
                return result == 0
                        ? 512 * told.get(ValueLayout.JAVA_LONG, STATX_BLOCKS_AT)
                        : -(int) errno.get(seen, 0L);
            } catch (Throwable impossible) {
                throw new LinkageError("statx(2)", impossible);
            }
        }

        void close(int descriptor) {
            try {
                int ignored = (int) close.invokeExact(descriptor);
                Check.that(ignored == 0 || ignored == -1, "close(2) says one of two things");
            } catch (Throwable impossible) {
                throw new LinkageError("close(2)", impossible);
            }
        }
    }
}
