package lockstep.blockstore.io.real;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;

/// Gives ranges of one file back to its file system, and tells how much that has given:
/// `fallocate(2)` with `FALLOC_FL_PUNCH_HOLE` and `statx(2)`, which Java has no calls for. It has a
/// descriptor of its own, as Java does not tell the one of a channel; like every descriptor of a
/// locked file it is closed last, because closing any of them drops the lock. One thread at a time.
final class Holes implements AutoCloseable {
    private static final int KEEP_SIZE = 1;
    private static final int PUNCH_HOLE = 2;
    private static final int INTERRUPTED = 4;
    private static final int INVALID = 22;
    private static final int NO_SUCH_CALL = 38;
    private static final int NO_SPACE = 28;
    private static final int NOT_SUPPORTED = 95;
    private static final int OVER_QUOTA = 122;

    private final SystemCalls calls;
    private final int descriptor;

    private Holes(SystemCalls calls, int descriptor) {
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
        SystemCalls calls = SystemCalls.FOUND;
        if (calls == null) {
            return null;
        }
        int descriptor = calls.open(path.toString(), 0);
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
}
