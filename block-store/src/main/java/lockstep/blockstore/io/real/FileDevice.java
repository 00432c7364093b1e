package lockstep.blockstore.io.real;

import static java.nio.file.StandardOpenOption.WRITE;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Pending;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongConsumer;

/// A file or a raw block device, with some I/O threads of its own, which copy what they read and
/// write ([StagedTransfers]), so lent buffers may be of any kind. The device is locked against
/// other processes while it is open.
///
/// Disks and logs are used past the page cache: nothing may pile up in memory, as a flush would
/// have to wait until all of it is written, and a log on the same machine with it.
///
/// A failed flush is final: the system may have dropped what it could not write, so every later
/// operation is a fault. So is a backing file that was removed, replaced or cut short, noticed at
/// the next flush. A write that finds no space below ([IoFault#isOutOfSpace]) can be repeated.
public final class FileDevice implements BlockDevice {
    private final Path path;
    private final FileChannel channel;
    private final @Nullable FileChannel synchronous;
    private final FlushTurns turns;
    private final EventLoop loop;
    private final ExecutorService threads;
    private final long size;
    private final BackingFile backing;
    private final @Nullable WriteQueue queue;
    private final StagedTransfers transfers;
    private final @Nullable DiskWrites together;
    private volatile @Nullable String dead;
    private @Nullable Thread closer;

    /// How to open: with `direct`, past the page cache where the file system can; with
    /// `synchronous`, a durable write of one short extent is one synchronous write (`O_DSYNC`)
    /// instead of a write and a flush.
    public record Options(
            int threads, boolean direct, boolean synchronous, @Nullable DiskWrites together) {
        /// For a disk of a volume.
        public static final Options DATA = new Options(4, true, true, null);

        /// For a log device.
        public static Options log(boolean synchronous) {
            return new Options(2, true, synchronous, null);
        }

        /// The same, and `others` takes what can be written together with them.
        public Options with(DiskWrites others) {
            return new Options(threads, direct, synchronous, others);
        }
    }

    private FileDevice(
            Path path,
            Channels.Opened opened,
            @Nullable FileChannel synchronous,
            long size,
            EventLoop loop,
            Options options)
            throws IOException {
        this.path = path;
        this.channel = opened.channel();
        this.synchronous = synchronous;
        this.turns = new FlushTurns(opened.direct());
        this.size = size;
        this.loop = loop;
        this.backing = new BackingFile(path, size);
        this.queue = opened.direct() ? WriteQueue.open(path) : null;
        this.transfers = new StagedTransfers(backing, queue);
        this.together = options.together();
        this.threads =
                Executors.newFixedThreadPool(
                        options.threads(),
                        Thread.ofPlatform().daemon().name("io-" + path.getFileName()).factory());
    }

    /// Opens what is at `path`. Throws if it is not there, or [DeviceInUse].
    public static FileDevice open(Path path, EventLoop loop, Options options) throws IOException {
        Channels.Opened opened =
                Channels.open(path, options.direct(), Set.of(StandardOpenOption.READ, WRITE));
        FileChannel channel = opened.channel();
        try {
            if (channel.tryLock() == null) {
                throw new DeviceInUse(path, "another process", null);
            }
            long size = Blocks.toBytes(Blocks.containing(channel.size()));
            Set<OpenOption> durably = Set.of(WRITE, StandardOpenOption.DSYNC);
            // Never closed before the device: closing any descriptor of a file drops its lock.
            FileChannel synchronous =
                    options.synchronous()
                            ? Channels.open(path, options.direct(), durably).channel()
                            : null;
            return new FileDevice(path, opened, synchronous, size, loop, options);
        } catch (OverlappingFileLockException inUse) {
            channel.close();
            throw new DeviceInUse(path, "this process already", inUse);
        } catch (IOException failed) {
            channel.close();
            throw failed;
        }
    }

    /// Makes a sparse file of `bytes`, for a disk. Throws if there is one already.
    public static void createSparse(Path path, long bytes) throws IOException {
        try (FileChannel made = create(path)) {
            Check.that(Blocks.isAligned(bytes) && bytes > 0, "a device has whole blocks");
            made.write(ByteBuffer.allocate(1), bytes - 1);
            made.force(true);
        }
    }

    /// Makes a file of `bytes` with all its space in place, for a log: no write to it can run out
    /// of space later, and no flush has to write file system metadata.
    public static void preallocate(Path path, long bytes) throws IOException {
        try (FileChannel made = create(path)) {
            StagedTransfers.zero(made, 0, bytes);
            made.force(true);
        }
    }

    private static FileChannel create(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.CREATE_NEW, WRITE);
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public long size() {
        return size;
    }

    /// Something to do on an I/O thread.
    private interface Work {
        void run(Operation operation) throws IOException;
    }

    // The memory that the I/O thread reads or fills passes over with the executor's hand-over.
    private Pending submit(String name, IoCompletion done, Work work) {
        Operation operation = new Operation();
        submit(name, operation, done, work);
        return operation;
    }

    private void submit(String name, Operation operation, IoCompletion done, Work work) {
        try {
            threads.execute(() -> end(operation, done, attempt(name, operation, work)));
        } catch (RejectedExecutionException _) {
            end(operation, done, new IoFault(name(), name, "the device is closed"));
        }
    }

    private void end(Operation operation, IoCompletion done, @Nullable IoFault fault) {
        if (operation.end()) {
            loop.execute(() -> done.ended(fault));
        }
    }

    private @Nullable IoFault attempt(String name, Operation operation, Work work) {
        String before = dead;
        if (before != null) {
            return new IoFault(name(), name, before);
        }
        try {
            work.run(operation);
            return null;
        } catch (BackingFile.NoSpace _) {
            return IoFault.outOfSpace(name(), name);
        } catch (IOException failed) {
            String reason = failed.getMessage();
            return new IoFault(name(), name, reason == null ? failed.toString() : reason);
        }
    }

    private void checkRange(long offset, long length) {
        Check.that(Blocks.isAligned(offset | length), "it is whole blocks", offset, length);
        boolean inside = offset >= 0 && length > 0 && length <= size - offset;
        Check.that(inside, "a range is inside the device", offset, length);
    }

    @Override
    public Pending read(Extent extent, IoCompletion done) {
        checkRange(extent.offset(), extent.length());
        return submit("read", done, operation -> transfers.read(operation, channel, extent));
    }

    @Override
    public Pending write(List<Extent> extents, IoCompletion done) {
        List<Extent> all = checked(extents);
        Operation operation = new Operation();
        Runnable alone =
                () -> submit("write", operation, done, o -> transfers.writeAll(o, channel, all));
        WriteQueue file = queue;
        boolean usable = dead == null && !threads.isShutdown();
        if (usable && together != null && file != null && DiskWrites.takes(file, all)) {
            together.add(new DiskWrite(file, operation, all, done, alone));
        } else {
            alone.run();
        }
        return operation;
    }

    private List<Extent> checked(List<Extent> extents) {
        extents.forEach(extent -> checkRange(extent.offset(), extent.length()));
        return List.copyOf(extents);
    }

    @Override
    public Pending flush(IoCompletion done) {
        return submit("flush", done, _ -> turns.run(this::flushNow));
    }

    private void flushNow() throws IOException {
        try {
            backing.checkStillThere();
            channel.force(false);
        } catch (IOException failed) {
            dead = "failed for good since a flush failed: " + failed.getMessage();
            throw failed;
        }
    }

    @Override
    public Pending writeDurably(List<Extent> extents, IoCompletion done) {
        List<Extent> all = checked(extents);
        FileChannel durably = synchronous;
        boolean oneWrite = all.size() == 1 && all.getFirst().length() <= StagedTransfers.PIECE;
        if (durably != null && oneWrite) {
            Extent only = all.getFirst();
            return submit("write", done, o -> turns.run(() -> writeNowDurably(o, durably, only)));
        }
        Work writeAndFlush =
                operation -> {
                    transfers.writeAll(operation, channel, all);
                    turns.run(this::flushNow);
                };
        return submit("write", done, writeAndFlush);
    }

    private void writeNowDurably(Operation operation, FileChannel durably, Extent extent)
            throws IOException {
        try {
            transfers.write(operation, durably, extent);
            backing.checkStillThere();
        } catch (BackingFile.NoSpace full) {
            // Its repetition writes the range again; for what else was written its flush answers.
            throw full;
        } catch (IOException failed) {
            dead = "failed for good since a durable write failed: " + failed.getMessage();
            throw failed;
        }
    }

    @Override
    public Pending punch(long offset, long length, IoCompletion done) {
        checkRange(offset, length);
        return submit("punch", done, _ -> punchNow(offset, length));
    }

    @Override
    public boolean takesHoles() {
        return backing.takesHoles();
    }

    @Override
    public void held(LongConsumer told) {
        long[] held = {-1};
        submit("measure", _ -> told.accept(held[0]), _ -> held[0] = backing.held());
    }

    private void punchNow(long offset, long length) throws IOException {
        if (backing.isRegular() && offset == 0 && length == size) {
            // The whole file: cut and grown again it is sparse. Nobody else uses it meanwhile.
            channel.truncate(0);
            StagedTransfers.zero(channel, size - Blocks.SIZE, Blocks.SIZE);
        } else if (!backing.punch(offset, length)) {
            transfers.zeroOrTell(channel, offset, length);
        }
    }

    /// Ends all use. Operations under way still complete; the last of the threads closes the file.
    @Override
    public void close() {
        closing();
    }

    /// Closes it and waits until others can open it.
    public void closeNow() throws InterruptedException {
        closing().join();
    }

    // Each of them, whatever becomes of the others.
    private void closeAll() {
        if (queue != null) {
            queue.close();
        }
        backing.close();
        for (FileChannel open : Arrays.asList(channel, synchronous)) {
            try {
                if (open != null) {
                    open.close();
                }
            } catch (IOException failed) {
                dead = "closing failed: " + failed.getMessage();
            }
        }
    }

    // Once: what is closed twice may be another's the second time.
    private synchronized Thread closing() {
        Thread before = closer;
        if (before != null) {
            return before;
        }
        threads.shutdown();
        Thread made =
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    threads.close();
                                    closeAll();
                                });
        closer = made;
        return made;
    }
}
