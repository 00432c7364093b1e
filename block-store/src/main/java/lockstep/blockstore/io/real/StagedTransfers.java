package lockstep.blockstore.io.real;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice.Extent;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;

/// Moves bytes between lent buffers and a file, mostly through aligned memory of its own: going
/// past the page cache takes that, and an operation that was given up while the system has it must
/// not touch what was lent. A thread takes the memory that was used last, which the processor's
/// caches still have. For the I/O threads of one device.
final class StagedTransfers {
    /// Bytes that go with one system call.
    static final int PIECE = 1 << 20;

    private final BackingFile backing;
    private final @Nullable WriteQueue queue;
    private final Deque<ByteBuffer> free = new ConcurrentLinkedDeque<>();

    /// `queue` is used for what consists of several ranges, if there is one.
    StagedTransfers(BackingFile backing, @Nullable WriteQueue queue) {
        this.backing = backing;
        this.queue = queue;
    }

    /// Memory as the system takes it for what goes past the page cache.
    static ByteBuffer aligned(int bytes) {
        return ByteBuffer.allocateDirect(bytes + Blocks.SIZE).alignedSlice(Blocks.SIZE);
    }

    private ByteBuffer take() {
        ByteBuffer last = free.pollFirst();
        return last == null ? aligned(PIECE) : last.clear();
    }

    void read(Operation operation, FileChannel from, Extent extent) throws IOException {
        ByteBuffer piece = take();
        try {
            read(operation, from, extent, piece);
        } finally {
            free.offerFirst(piece);
        }
    }

    private static void read(Operation operation, FileChannel from, Extent extent, ByteBuffer piece)
            throws IOException {
        long at = extent.offset();
        long left = extent.length();
        piece.limit(0);
        for (ByteBuffer buffer : extent.buffers()) {
            ByteBuffer into = buffer.duplicate();
            while (into.hasRemaining()) {
                if (!piece.hasRemaining()) {
                    piece.clear().limit((int) Math.min(PIECE, left));
                    readFully(from, piece, at);
                    at += piece.limit();
                    left -= piece.limit();
                    piece.flip();
                }
                int part = Math.min(piece.remaining(), into.remaining());
                operation.touch();
                into.put(into.position(), piece, piece.position(), part);
                operation.release();
                into.position(into.position() + part);
                piece.position(piece.position() + part);
            }
        }
    }

    private static void readFully(FileChannel from, ByteBuffer into, long offset)
            throws IOException {
        while (into.hasRemaining()) {
            if (from.read(into, offset + into.position()) < 0) {
                throw new IOException("the device ends early: it was cut short");
            }
        }
    }

    /// Throws [BackingFile.NoSpace] where there is no space for it. What is waited for anyway and
    /// lies in one piece as the system takes it needs no copy.
    void write(Operation operation, FileChannel to, Extent extent) throws IOException {
        if (isInPlace(extent)) {
            operation.touch();
            writeOrTell(to, extent.buffers().getFirst().slice(), extent.offset());
            operation.release();
            return;
        }
        ByteBuffer piece = take();
        try {
            write(operation, to, extent, piece);
        } finally {
            free.offerFirst(piece);
        }
    }

    /// Copies what is left in `from`, as much as there is room for. Throws if it is lent no more.
    static void copy(Operation operation, ByteBuffer from, ByteBuffer piece) throws IOException {
        int part = Math.min(piece.remaining(), from.remaining());
        operation.touch();
        piece.put(piece.position(), from, from.position(), part);
        operation.release();
        piece.position(piece.position() + part);
        from.position(from.position() + part);
    }

    /// The same for all of `extents`.
    void writeAll(Operation operation, FileChannel to, List<Extent> extents) throws IOException {
        int end;
        for (int at = 0; at < extents.size(); at = end) {
            end = endOfGroup(extents, at);
            if (queue != null && end - at > 1) {
                writeTogether(operation, queue, to, extents.subList(at, end));
            } else {
                write(operation, to, extents.get(at));
                end = at + 1;
            }
        }
    }

    // What goes at once; at least one.
    private static int endOfGroup(List<Extent> extents, int from) {
        int end = from + 1;
        long bytes = extents.get(from).length();
        while (end < extents.size() && end - from < WriteQueue.MOST) {
            bytes += extents.get(end).length();
            if (bytes > PIECE) {
                break;
            }
            end++;
        }
        return end;
    }

    private void writeTogether(
            Operation operation, WriteQueue together, FileChannel to, List<Extent> extents)
            throws IOException {
        ByteBuffer piece = take();
        try {
            writeTogether(operation, together, to, extents, piece);
        } finally {
            free.offerFirst(piece);
        }
    }

    private void writeTogether(
            Operation operation,
            WriteQueue together,
            FileChannel to,
            List<Extent> extents,
            ByteBuffer piece)
            throws IOException {
        long[] offsets = new long[extents.size()];
        int[] lengths = new int[extents.size()];
        for (int i = 0; i < offsets.length; i++) {
            Extent extent = extents.get(i);
            offsets[i] = extent.offset();
            lengths[i] = (int) extent.length();
            for (ByteBuffer buffer : extent.buffers()) {
                copy(operation, buffer.duplicate(), piece);
            }
        }
        BitSet written = together.write(piece.flip(), offsets, lengths);
        int at = 0;
        for (int i = 0; i < offsets.length; i++) {
            if (!written.get(i)) {
                writeOrTell(to, piece.slice(at, lengths[i]), offsets[i]);
            }
            at += lengths[i];
        }
    }

    private static boolean isInPlace(Extent extent) {
        if (!extent.awaited() || extent.buffers().size() != 1) {
            return false;
        }
        ByteBuffer only = extent.buffers().getFirst();
        return only.isDirect() && only.alignmentOffset(only.position(), Blocks.SIZE) == 0;
    }

    private void write(Operation operation, FileChannel to, Extent extent, ByteBuffer piece)
            throws IOException {
        long at = extent.offset();
        for (ByteBuffer buffer : extent.buffers()) {
            ByteBuffer from = buffer.duplicate();
            while (from.hasRemaining()) {
                copy(operation, from, piece);
                if (!piece.hasRemaining()) {
                    at += writeOrTell(to, piece.flip(), at);
                    piece.clear();
                }
            }
        }
        writeOrTell(to, piece.flip(), at);
    }

    private int writeOrTell(FileChannel to, ByteBuffer from, long offset) throws IOException {
        try {
            return writeFully(to, from, offset);
        } catch (IOException failed) {
            throw backing.judged(failed);
        }
    }

    private static int writeFully(FileChannel to, ByteBuffer from, long offset) throws IOException {
        while (from.hasRemaining()) {
            to.write(from, offset + from.position());
        }
        return from.limit();
    }

    /// Writes zeros, like [#write].
    void zeroOrTell(FileChannel to, long offset, long length) throws IOException {
        try {
            zero(to, offset, length);
        } catch (IOException failed) {
            throw backing.judged(failed);
        }
    }

    /// Writes zeros.
    static void zero(FileChannel to, long offset, long length) throws IOException {
        ByteBuffer zeros = aligned((int) Math.min(PIECE, length));
        long end = offset + length;
        for (long at = offset; at < end; at += zeros.limit()) {
            zeros.clear().limit((int) Math.min(PIECE, end - at));
            writeFully(to, zeros, at);
        }
    }
}
