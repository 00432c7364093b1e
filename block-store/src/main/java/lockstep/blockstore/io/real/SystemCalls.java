package lockstep.blockstore.io.real;

import lockstep.blockstore.base.Check;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.NoSuchElementException;
import java.util.function.Function;

/// What the C library of Linux can do with files and Java cannot. A negative result is `-errno`,
/// where a function does not say otherwise. For any thread. The first use in a process takes some
/// milliseconds.
final class SystemCalls {
    private static final int READ_WRITE = 2;
    private static final int CLOSE_ON_EXEC = 0x80000;
    private static final int CURRENT_DIRECTORY = -100;
    private static final int EMPTY_PATH = 0x1000;
    private static final int STATX_TYPE = 0x1;
    private static final int STATX_INODE = 0x100;
    private static final int STATX_SIZE = 0x200;
    private static final int STATX_BLOCKS = 0x400;
    // The layout of what statx(2) tells is the same on all processors.
    private static final long STATX_BYTES = 256;
    private static final long INODE_AT = 32;
    private static final long SIZE_AT = 40;
    private static final long BLOCKS_AT = 48;
    private static final long DEVICE_AT = 136;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final AddressLayout ADDRESS = ValueLayout.ADDRESS;

    /// Those of this process; null where the system or the processor is another, or the virtual
    /// machine does not let us.
    static final @Nullable SystemCalls FOUND = linked(SystemCalls::new);

    private final MethodHandle open;
    private final MethodHandle fallocate;
    private final MethodHandle statx;
    private final MethodHandle close;
    private final MemoryLayout state = Linker.Option.captureStateLayout();
    private final VarHandle errno = state.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /// What a path leads to: its device and inode tell it from every other file.
    record FileStatus(long device, long inode, long size) {}

    @SuppressWarnings("restricted")
    private SystemCalls(Linker linker) {
        SymbolLookup library = linker.defaultLookup();
        Linker.Option captured = Linker.Option.captureCallState("errno");
        open =
                linker.downcallHandle(
                        library.findOrThrow("open"),
                        FunctionDescriptor.of(INT, ADDRESS, INT),
                        Linker.Option.firstVariadicArg(2),
                        captured);
        fallocate =
                linker.downcallHandle(
                        library.findOrThrow("fallocate"),
                        FunctionDescriptor.of(INT, INT, INT, LONG, LONG),
                        captured);
        statx =
                linker.downcallHandle(
                        library.findOrThrow("statx"),
                        FunctionDescriptor.of(INT, INT, ADDRESS, INT, INT, ADDRESS),
                        captured);
        close =
                linker.downcallHandle(
                        library.findOrThrow("close"), FunctionDescriptor.of(INT, INT));
    }

    /// What `make` makes of the C library; null if this is not Linux on one of the processors whose
    /// numbers are known here, or the virtual machine does not let us.
    static <T> @Nullable T linked(Function<Linker, T> make) {
        String processor = System.getProperty("os.arch", "");
        boolean known = processor.equals("amd64") || processor.equals("aarch64");
        if (!known || !System.getProperty("os.name", "").equals("Linux")) {
            return null;
        }
        try {
            return make.apply(Linker.nativeLinker());
        } catch (UnsupportedOperationException
                | IllegalCallerException
                | NoSuchElementException _) {
            // No linker in this virtual machine, or not for us, or no such function.
            return null;
        }
    }

    /// A descriptor of the file at `path`, for reading and writing, with `flags` of open(2).
    int open(String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment seen = arena.allocate(state);
            MemorySegment name = arena.allocateFrom(path);
            int descriptor = (int) open.invokeExact(seen, name, READ_WRITE | CLOSE_ON_EXEC | flags);
            return descriptor >= 0 ? descriptor : -(int) errno.get(seen, 0L);
        } catch (Throwable impossible) {
            throw new LinkageError("open(2)", impossible);
        }
    }

    /// `fallocate(2)`: 0, or the error as a positive number.
    int fallocate(int descriptor, int mode, long offset, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment seen = arena.allocate(state);
            int result = (int) fallocate.invokeExact(seen, descriptor, mode, offset, length);
            return result == 0 ? 0 : (int) errno.get(seen, 0L);
        } catch (Throwable impossible) {
            throw new LinkageError("fallocate(2)", impossible);
        }
    }

    /// Bytes that the file system has given to an open file.
    long held(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment told = arena.allocate(STATX_BYTES, Long.BYTES);
            MemorySegment name = arena.allocateFrom("");
            int error = statx(arena, descriptor, name, EMPTY_PATH, STATX_BLOCKS, told);
            return error == 0 ? 512 * told.get(LONG, BLOCKS_AT) : -error;
        }
    }

    /// What is at `path`; null if that cannot be told. It does not ask for times: whoever has seen
    /// the time of a file's last write makes Linux 6.13 and later note another one at the next
    /// write, and every durable write then writes the inode too.
    @Nullable FileStatus at(String path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment told = arena.allocate(STATX_BYTES, Long.BYTES);
            MemorySegment name = arena.allocateFrom(path);
            int wanted = STATX_TYPE | STATX_INODE | STATX_SIZE;
            if (statx(arena, CURRENT_DIRECTORY, name, 0, wanted, told) != 0) {
                return null;
            }
            return new FileStatus(
                    told.get(LONG, DEVICE_AT), told.get(LONG, INODE_AT), told.get(LONG, SIZE_AT));
        }
    }

    // 0, or the error as a positive number.
    private int statx(
            Arena arena,
            int directory,
            MemorySegment path,
            int flags,
            int mask,
            MemorySegment told) {
        MemorySegment seen = arena.allocate(state);
        try {
            int result = (int) statx.invokeExact(seen, directory, path, flags, mask, told);
            return result == 0 ? 0 : (int) errno.get(seen, 0L);
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
