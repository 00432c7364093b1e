package lockstep.blockstore.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/// Sequential direct I/O on files, some requests of one size under way on each: what a disk gives
/// somebody who computes nothing and waits for nothing.
final class PlainDisks implements AutoCloseable {
    private static final int ALIGNED = 4096;

    /// What goes to one file: from its `start` on, `bytes` in requests of `request`, `depth` at
    /// once.
    record Stream(Path file, boolean write, long start, long bytes, int request, int depth) {}

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ThreadLocal<ByteBuffer> buffers =
            ThreadLocal.withInitial(
                    () -> ByteBuffer.allocateDirect((1 << 20) + ALIGNED).alignedSlice(ALIGNED));

    /// Runs all streams side by side, and after each `flushEvery` bytes of each, which all of them
    /// have then reached, flushes the written files; nanoseconds until all have ended.
    long run(List<Stream> streams, long flushEvery) throws Exception {
        List<FileChannel> channels = new ArrayList<>();
        try {
            for (Stream stream : streams) {
                channels.add(open(stream.file));
            }
            long bytes = streams.getFirst().bytes;
            long begun = System.nanoTime();
            for (long from = 0; from < bytes; from += flushEvery) {
                part(streams, channels, from, Math.min(bytes, from + flushEvery));
            }
            return System.nanoTime() - begun;
        } finally {
            for (FileChannel channel : channels) {
                channel.close();
            }
        }
    }

    private void part(List<Stream> streams, List<FileChannel> channels, long from, long to)
            throws Exception {
        List<Callable<Void>> lanes = new ArrayList<>();
        List<Callable<Void>> flushes = new ArrayList<>();
        for (int i = 0; i < streams.size(); i++) {
            Stream stream = streams.get(i);
            FileChannel channel = channels.get(i);
            AtomicLong next = new AtomicLong(from);
            for (int lane = 0; lane < stream.depth; lane++) {
                lanes.add(() -> lane(stream, channel, next, to));
            }
            if (stream.write) {
                flushes.add(() -> flush(channel));
            }
        }
        all(lanes);
        all(flushes);
    }

    private void all(List<Callable<Void>> work) throws Exception {
        for (Future<Void> each : threads.invokeAll(work)) {
            each.get();
        }
    }

    private static Void flush(FileChannel channel) throws IOException {
        channel.force(false);
        return null;
    }

    // By name: javac warns of any direct use of the JDK's own options.
    private static FileChannel open(Path file) throws Exception {
        Class<?> type = Class.forName("com.sun.nio.file.ExtendedOpenOption");
        OpenOption direct = (OpenOption) type.getField("DIRECT").get(null);
        return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, direct);
    }

    private Void lane(Stream stream, FileChannel channel, AtomicLong next, long to)
            throws IOException {
        ByteBuffer buffer = buffers.get();
        long at = next.getAndAdd(stream.request);
        while (at < to) {
            buffer.clear().limit((int) Math.min(stream.request, to - at));
            transfer(stream, channel, buffer, stream.start + at);
            at = next.getAndAdd(stream.request);
        }
        return null;
    }

    private static void transfer(Stream stream, FileChannel channel, ByteBuffer buffer, long at)
            throws IOException {
        while (buffer.hasRemaining()) {
            long position = at + buffer.position();
            int moved =
                    stream.write ? channel.write(buffer, position) : channel.read(buffer, position);
            if (moved < 0) {
                throw new IOException(stream.file + " ends early");
            }
        }
    }

    @Override
    public void close() {
        threads.close();
    }
}
