package lockstep.target;

import lockstep.blockstore.io.EventLoop;
import lockstep.replication.tail.TailStore;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/// Tails as files of the directory `tails` below the data directory: `VOLUME-TIME.tail`, readable
/// by their owner alone, because they hold what hosts have written. A file is called `.part` until
/// all of it is durable. A thread of its own writes them; there are few, and nobody waits for them
/// but a resync.
final class TailFiles implements TailStore, AutoCloseable {
    private static final String DIRECTORY = "tails";
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final Set<PosixFilePermission> OWNER =
            PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNER_ENTERS =
            PosixFilePermissions.fromString("rwx------");

    private final Path directory;
    private final EventLoop loop;
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().name("lockstep-tails").daemon().factory());

    /// Files below `data`; answers come on `loop`.
    TailFiles(Path data, EventLoop loop) {
        this.directory = data.resolve(DIRECTORY);
        this.loop = loop;
    }

    @Override
    public void begin(String volumeName, Opened done) {
        String name = volumeName + "-" + TIME.format(Instant.now()) + ".tail";
        thread.execute(
                () -> {
                    try {
                        Files.createDirectories(
                                directory, PosixFilePermissions.asFileAttribute(OWNER_ENTERS));
                        Path part = directory.resolve(name + ".part");
                        FileChannel channel =
                                FileChannel.open(
                                        part,
                                        Set.of(
                                                StandardOpenOption.CREATE_NEW,
                                                StandardOpenOption.WRITE),
                                        PosixFilePermissions.asFileAttribute(OWNER));
                        Open file = new Open(part, directory.resolve(name), channel);
                        loop.execute(() -> done.opened(file));
                    } catch (IOException failed) {
                        loop.execute(() -> done.failed(failed.toString()));
                    }
                });
    }

    /// What is under way is finished or not; nobody waits for it any more.
    @Override
    public void close() {
        thread.shutdown();
    }

    private interface Step {
        void run() throws IOException;
    }

    private final class Open implements File {
        private final Path part;
        private final Path whole;
        private final FileChannel channel;

        Open(Path part, Path whole, FileChannel channel) {
            this.part = part;
            this.whole = whole;
            this.channel = channel;
        }

        @Override
        public void append(ByteBuffer bytes, Consumer<@Nullable String> done) {
            run(
                    () -> {
                        while (bytes.hasRemaining()) {
                            channel.write(bytes);
                        }
                    },
                    done);
        }

        @Override
        public void finish(Consumer<@Nullable String> done) {
            run(
                    () -> {
                        channel.force(true);
                        channel.close();
                        Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
                        try (FileChannel names =
                                FileChannel.open(directory, StandardOpenOption.READ)) {
                            names.force(true);
                        }
                    },
                    done);
        }

        @Override
        public void drop() {
            run(
                    () -> {
                        channel.close();
                        Files.deleteIfExists(part);
                    },
                    _ -> {});
        }

        @Override
        public String name() {
            return whole.toString();
        }

        private void run(Step step, Consumer<@Nullable String> done) {
            thread.execute(
                    () -> {
                        String problem = null;
                        try {
                            step.run();
                        } catch (IOException failed) {
                            problem = failed.toString();
                        }
                        String told = problem;
                        loop.execute(() -> done.accept(told));
                    });
        }
    }
}
