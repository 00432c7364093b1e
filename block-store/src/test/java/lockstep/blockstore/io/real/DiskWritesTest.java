package lockstep.blockstore.io.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Writes of several disks that go together, and what becomes of one that does not.
@NullUnmarked
@EnabledOnOs(
        value = OS.LINUX,
        architectures = {"amd64", "aarch64"})
final class DiskWritesTest {
    private static final int DISKS = 5;
    private static final int SIZE = 1 << 20;
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);

    @TempDir private Path folder;
    private final BlockingQueue<Runnable> threads = new LinkedBlockingQueue<>();
    private final List<Path> paths = new ArrayList<>();
    private final List<FileDevice> disks = new ArrayList<>();
    private ThreadEventLoop loop;

    @BeforeEach
    void start() throws IOException {
        loop = new ThreadEventLoop("test");
        for (int i = 0; i < DISKS; i++) {
            paths.add(Files.write(folder.resolve("disk" + i), new byte[SIZE]));
        }
        WriteQueue queue = WriteQueue.open(paths.getFirst());
        assumeThat(queue).as("writes past the page cache").isNotNull();
        queue.close();
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (FileDevice disk : disks) {
            disk.closeNow();
        }
        loop.close();
    }

    // Its threads are what the test runs.
    private DiskWrites heldBack(long beginNanos) {
        return new DiskWrites(loop, threads::add, DiskWrites::openLane, beginNanos);
    }

    private void open(DiskWrites together) throws IOException {
        for (Path path : paths) {
            disks.add(FileDevice.open(path, loop, FileDevice.Options.DATA.with(together)));
        }
    }

    private static byte[] noise(int seed, int blocks) {
        byte[] bytes = new byte[blocks * Blocks.SIZE];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    // Three blocks in two runs, the first of two buffers.
    private static List<Extent> extents(byte[] noise, long firstBlock) {
        ByteBuffer all = ByteBuffer.wrap(noise);
        ByteBuffer one = all.slice(0, Blocks.SIZE);
        ByteBuffer two = all.slice(Blocks.SIZE, Blocks.SIZE);
        ByteBuffer three = all.slice(2 * Blocks.SIZE, Blocks.SIZE);
        return List.of(
                new Extent(Blocks.toBytes(firstBlock), List.of(one, two)),
                new Extent(Blocks.toBytes(firstBlock + 4), List.of(three)));
    }

    private List<CompletableFuture<Optional<IoFault>>> writeToAll(long block) {
        List<CompletableFuture<Optional<IoFault>>> ends = new ArrayList<>();
        disks.forEach(_ -> ends.add(new CompletableFuture<>()));
        loop.execute(
                () -> {
                    for (int i = 0; i < DISKS; i++) {
                        var end = ends.get(i);
                        disks.get(i)
                                .write(
                                        extents(noise(i, 3), block),
                                        fault -> {
                                            assertThat(loop.inLoop()).isTrue();
                                            end.complete(Optional.ofNullable(fault));
                                        });
                    }
                });
        return ends;
    }

    private void assertWritten(int disk, int block) throws IOException {
        byte[] now = Files.readAllBytes(paths.get(disk));
        byte[] noise = noise(disk, 3);
        assertThat(ByteBuffer.wrap(now, block * Blocks.SIZE, 2 * Blocks.SIZE))
                .isEqualTo(ByteBuffer.wrap(noise, 0, 2 * Blocks.SIZE));
        assertThat(ByteBuffer.wrap(now, (block + 4) * Blocks.SIZE, Blocks.SIZE))
                .isEqualTo(ByteBuffer.wrap(noise, 2 * Blocks.SIZE, Blocks.SIZE));
        assertThat(now).hasSize(SIZE);
    }

    @Test
    void whatIsAskedForInOneTurnIsOneTask() throws Exception {
        open(heldBack(HOUR));
        for (int round = 0; round < 3; round++) {
            var ends = writeToAll(20L * round);
            threads.take().run();
            for (int i = 0; i < DISKS; i++) {
                assertThat(ends.get(i).join()).isEmpty();
                assertWritten(i, 20 * round);
            }
            assertThat(threads).isEmpty();
        }
    }

    /// As when the system does not come back from beginning the writes of another disk.
    @Test
    void whatIsNotBegunSoonIsDoneByTheDisksOwnThreads() throws Exception {
        open(heldBack(DiskWrites.BEGIN_NANOS));
        var ends = writeToAll(0);
        for (int i = 0; i < DISKS; i++) {
            assertThat(ends.get(i).get(1, TimeUnit.MINUTES)).isEmpty();
            assertWritten(i, 0);
        }
        // The thread that comes too late finds nothing to do.
        threads.take().run();
    }

    // Does not come back from beginning what the third disk is asked for, until it is let.
    private static final class StuckLane extends WriteLane {
        private final CountDownLatch let;

        StuckLane(CountDownLatch let) {
            super(Objects.requireNonNull(QueueCalls.FOUND), WriteBundle.RANGES);
            this.let = let;
            assertThat(setUp()).isTrue();
        }

        @Override
        int begin(int first, int count) {
            if (first == 4) {
                try {
                    let.await();
                } catch (InterruptedException stopped) {
                    throw new AssertionError(stopped);
                }
            }
            return super.begin(first, count);
        }
    }

    @Test
    void noDiskWaitsForOneWhoseWritesDoNotBegin() throws Exception {
        CountDownLatch let = new CountDownLatch(1);
        // Let whatever happens, or the threads would not end.
        try (ExecutorService real = Executors.newCachedThreadPool();
                AutoCloseable _ = let::countDown) {
            open(new DiskWrites(loop, real, () -> new StuckLane(let), DiskWrites.BEGIN_NANOS));
            var ends = writeToAll(0);
            for (int i : new int[] {0, 1, 3, 4}) {
                assertThat(ends.get(i).get(1, TimeUnit.MINUTES)).isEmpty();
                assertWritten(i, 0);
            }
            assertThat(ends.get(2)).isNotDone();
            let.countDown();
            assertThat(ends.get(2).get(1, TimeUnit.MINUTES)).isEmpty();
            assertWritten(2, 0);
        }
    }

    @Test
    void whatWasGivenUpIsNotWritten() throws Exception {
        open(heldBack(HOUR));
        CompletableFuture<Boolean> givenUp = new CompletableFuture<>();
        loop.execute(
                () -> {
                    byte[] noise = noise(0, 3);
                    var pending =
                            disks.getFirst()
                                    .write(
                                            extents(noise, 0),
                                            _ -> {
                                                throw new AssertionError("told of what it left");
                                            });
                    givenUp.complete(pending.abandon());
                });
        assertThat(givenUp.join()).isTrue();
        threads.take().run();
        assertThat(Files.readAllBytes(paths.getFirst())).isEqualTo(new byte[SIZE]);
    }

    /// Which finds out what is wrong and tells it.
    @Test
    void whatTheSystemDoesNotTakeIsForTheDisksOwnThreads() throws Exception {
        DiskWrites writes = heldBack(HOUR);
        List<String> told = new ArrayList<>();
        try (WriteQueue file = WriteQueue.open(paths.getFirst())) {
            loop.execute(
                    () -> {
                        writes.add(request(file, -Blocks.SIZE, "refused", told));
                        writes.add(request(file, 100, "not aligned", told));
                        writes.add(request(file, Blocks.SIZE, "right", told));
                    });
            threads.take().run();
            CompletableFuture<Void> settled = new CompletableFuture<>();
            loop.execute(() -> settled.complete(null));
            settled.join();
        }
        assertThat(told).containsExactlyInAnyOrder("refused alone", "not aligned alone", "right");
        ByteBuffer there = ByteBuffer.wrap(Files.readAllBytes(paths.getFirst()), 4096, 4096);
        assertThat(there).isEqualTo(ByteBuffer.wrap(noise(7, 1)));
    }

    private static DiskWrite request(WriteQueue file, long offset, String name, List<String> told) {
        return new DiskWrite(
                file,
                new Operation(),
                List.of(new Extent(offset, List.of(ByteBuffer.wrap(noise(7, 1))))),
                _ -> told.add(name),
                () -> told.add(name + " alone"));
    }

    /// A descriptor that is closed too early may soon be another file's.
    @Test
    void aDiskIsClosedBehindItsWrites() throws Exception {
        open(new DiskWrites(loop));
        List<CompletableFuture<Optional<IoFault>>> ends = new ArrayList<>();
        for (int round = 0; round < 20; round++) {
            ends.addAll(writeToAll(9L * round));
        }
        for (FileDevice disk : disks) {
            disk.closeNow();
        }
        for (int i = 0; i < ends.size(); i++) {
            // Asked for when the disk was closed, it is a fault; nothing is lost without a word.
            if (ends.get(i).get(1, TimeUnit.MINUTES).isEmpty()) {
                assertWritten(i % DISKS, 9 * (i / DISKS));
            }
        }
    }

    /// As when it is to be opened anew, and that is tried again.
    @Test
    void aDiskThatIsClosedTwiceIsClosedBehindItsWritesToo() throws Exception {
        CountDownLatch let = new CountDownLatch(1);
        // Let whatever happens, or the threads would not end.
        try (ExecutorService real = Executors.newCachedThreadPool();
                AutoCloseable _ = let::countDown) {
            open(new DiskWrites(loop, real, () -> new StuckLane(let), DiskWrites.BEGIN_NANOS));
            var ends = writeToAll(0);
            assertThat(ends.get(1).get(1, TimeUnit.MINUTES)).isEmpty();
            FileDevice stuck = disks.get(2);
            stuck.close();
            stuck.close();
            // Time in which a lock that goes too early goes.
            for (int i = 0; i < 20; i++) {
                Thread.sleep(10);
                assertThatThrownBy(
                                () -> FileDevice.open(paths.get(2), loop, FileDevice.Options.DATA))
                        .isInstanceOf(DeviceInUse.class);
            }
            let.countDown();
            assertThat(ends.get(2).get(1, TimeUnit.MINUTES)).isEmpty();
            stuck.closeNow();
            FileDevice.open(paths.get(2), loop, FileDevice.Options.DATA).closeNow();
            assertWritten(2, 0);
        }
    }

    @Test
    void whatComesWhenItsDiskIsClosedIsAFault() throws Exception {
        open(heldBack(HOUR));
        var ends = writeToAll(0);
        Runnable late = threads.take();
        for (FileDevice disk : disks) {
            disk.closeNow();
        }
        late.run();
        for (int i = 0; i < DISKS; i++) {
            assertThat(ends.get(i).get(1, TimeUnit.MINUTES)).isPresent();
            assertThat(Files.readAllBytes(paths.get(i))).isEqualTo(new byte[SIZE]);
        }
    }
}
