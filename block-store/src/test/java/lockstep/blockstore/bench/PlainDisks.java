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

/// Sequential direct I/O on files, some requests of one size under way on each: what a disk gives.
final class PlainDisks {
    private static final int ALIGNED = 4096;

    /// What goes to one file: from its `start` on, `bytes` in requests of `request`, `depth` at
    /// once.
    record Stream(Path file, boolean write, long start, long bytes, int request, int depth) {}

    private PlainDisks() {}

    /// Runs all streams side by side, and flushes what was written; nanoseconds until all have
    /// ended.
    static long run(List<Stream> streams) throws Exception {
        List<FileChannel> channels = new ArrayList<>();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<?>> running = new ArrayList<>();
            long begun = System.nanoTime();
            for (Stream stream : streams) {
                FileChannel channel = open(stream.file);
                channels.add(channel);
                AtomicLong next = new AtomicLong();
                for (int i = 0; i < stream.depth; i++) {
                    running.add(threads.submit(lane(stream, channel, next)));
                }
            }
            for (Future<?> lane : running) {
                lane.get();
            }
            for (FileChannel channel : channels) {
                channel.force(false);
            }
            return System.nanoTime() - begun;
        } finally {
            for (FileChannel channel : channels) {
                channel.close();
            }
        }
    }

    // By name: javac warns of any direct use of the JDK's own options.
    private static FileChannel open(Path file) throws Exception {
        Class<?> type = Class.forName("com.sun.nio.file.ExtendedOpenOption");
        OpenOption direct = (OpenOption) type.getField("DIRECT").get(null);
        return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, direct);
    }

    private static Callable<Void> lane(Stream stream, FileChannel channel, AtomicLong next) {
        return () -> {
            ByteBuffer buffer =
                    ByteBuffer.allocateDirect(stream.request + ALIGNED).alignedSlice(ALIGNED);
            for (long at = take(stream, next); at < stream.bytes; at = take(stream, next)) {
                long length = Math.min(stream.request, stream.bytes - at);
                buffer.clear().limit((int) length);
                transfer(stream, channel, buffer, stream.start + at);
            }
            return null;
        };
    }

    private static long take(Stream stream, AtomicLong next) {
        return next.getAndAdd(stream.request);
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
}
