package lockstep.blockstore.io.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

@NullUnmarked
final class FileDeviceTest {
    private static final long SIZE = 8 << 20;

    @TempDir private Path folder;
    private Path path;
    private ThreadEventLoop loop;
    private FileDevice device;

    @BeforeEach
    void open() throws IOException {
        loop = new ThreadEventLoop("test");
        path = folder.resolve("disk");
        FileDevice.createSparse(path, SIZE);
        device = FileDevice.open(path, loop, new FileDevice.Options(2, true, true, null));
    }

    @AfterEach
    void close() {
        device.close();
        loop.close();
    }

    private IoFault ended(Consumer<IoCompletion> call) {
        CompletableFuture<Optional<IoFault>> end = new CompletableFuture<>();
        loop.execute(
                () ->
                        call.accept(
                                fault -> {
                                    assertThat(loop.inLoop()).isTrue();
                                    end.complete(Optional.ofNullable(fault));
                                }));
        return end.join().orElse(null);
    }

    private static byte[] noise(int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(length).nextBytes(bytes);
        return bytes;
    }

    private byte[] read(long offset, int length) {
        ByteBuffer into = ByteBuffer.allocate(length);
        Extent extent =
                new Extent(offset, List.of(into.slice(0, 100), into.slice(100, length - 100)));
        assertThat(ended(done -> device.read(extent, done))).isNull();
        return into.array();
    }

    @Test
    void whatIsWrittenIsReadAcrossPiecesAndBuffers() {
        byte[] bytes = noise(3 << 20);
        ByteBuffer all = ByteBuffer.wrap(bytes);
        Extent extent = new Extent(4096, List.of(all.slice(0, 77), all.slice(77, 3145728 - 77)));
        assertThat(ended(done -> device.writeDurably(List.of(extent), done))).isNull();
        assertThat(read(4096, bytes.length)).isEqualTo(bytes);
        assertThat(read(4096 + bytes.length, 4096)).containsOnly(0);
    }

    @Test
    void severalExtentsAreOneWrite() {
        byte[] bytes = noise(3 * Blocks.SIZE);
        Extent front = new Extent(8192, List.of(ByteBuffer.wrap(bytes, 0, 4096)));
        Extent back = new Extent(1 << 20, List.of(ByteBuffer.wrap(bytes, 4096, 8192)));
        assertThat(ended(done -> device.write(List.of(back, front), done))).isNull();
        assertThat(read(8192, 4096)).isEqualTo(Arrays.copyOf(bytes, 4096));
        assertThat(read(1 << 20, 8192)).isEqualTo(Arrays.copyOfRange(bytes, 4096, 12288));
        assertThat(read(12288, 4096)).containsOnly(0);
    }

    /// More ranges than go at once, and more bytes.
    @Test
    void manyExtentsAreOneWrite() {
        byte[] bytes = noise((int) SIZE / 2);
        List<Extent> extents = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += 8192) {
            extents.add(new Extent(2L * at, List.of(ByteBuffer.wrap(bytes, at, 8192))));
        }
        assertThat(ended(done -> device.write(extents, done))).isNull();
        for (int at = 0; at < bytes.length; at += 8192) {
            assertThat(read(2L * at, 8192)).isEqualTo(Arrays.copyOfRange(bytes, at, at + 8192));
            assertThat(read(2L * at + 8192, 8192)).containsOnly(0);
        }
    }

    /// Where the buffer lies as the system takes it, and where it does not.
    @Test
    void whatIsAwaitedIsWritten() {
        byte[] bytes = noise(3 * Blocks.SIZE);
        ByteBuffer memory = ByteBuffer.allocateDirect(bytes.length + 2 * Blocks.SIZE);
        ByteBuffer aligned = memory.alignedSlice(Blocks.SIZE);
        for (int at : List.of(0, 512)) {
            ByteBuffer lent = aligned.duplicate().position(at).put(bytes).flip().position(at);
            Extent extent = new Extent(at * 16L, List.of(lent)).toBeAwaited();
            assertThat(ended(done -> device.writeDurably(List.of(extent), done))).isNull();
            assertThat(lent.remaining()).isEqualTo(bytes.length);
            assertThat(read(at * 16L, bytes.length)).isEqualTo(bytes);
        }
    }

    @Test
    void punchedRangesReadAsZeros() {
        byte[] bytes = noise(4 * Blocks.SIZE);
        Extent extent = new Extent(0, List.of(ByteBuffer.wrap(bytes)));
        assertThat(ended(done -> device.write(extent, done))).isNull();
        assertThat(ended(done -> device.punch(4096, 4096, done))).isNull();
        assertThat(read(4096, 4096)).containsOnly(0);
        assertThat(read(8192, 4096)).isEqualTo(Arrays.copyOfRange(bytes, 8192, 12288));
        assertThat(ended(done -> device.punch(0, SIZE, done))).isNull();
        assertThat(read(0, 16384)).containsOnly(0);
        assertThat(ended(device::flush)).isNull();
    }

    // As `stat -c %b` has it, in units of 512 bytes.
    private long blocksOnDisk() throws IOException, InterruptedException {
        Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
        String text = new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertThat(stat.waitFor()).isZero();
        return Long.parseLong(text.strip());
    }

    @Test
    void holeGivesSpaceBack() throws IOException, InterruptedException {
        Extent extent = new Extent(0, List.of(ByteBuffer.wrap(noise((int) SIZE))));
        assertThat(ended(done -> device.writeDurably(List.of(extent), done))).isNull();
        long full = blocksOnDisk();
        assertThat(full).isGreaterThanOrEqualTo(SIZE / 512);
        assertThat(device.takesHoles()).isTrue();
        assertThat(ended(done -> device.punch(1 << 20, SIZE / 2, done))).isNull();
        assertThat(ended(device::flush)).isNull();
        // Also a file system that cannot is all right, and says so.
        assertThat(blocksOnDisk() <= full - SIZE / 1024).isEqualTo(device.takesHoles());
        assertThat(read(1 << 20, (int) SIZE / 2)).containsOnly(0);
        assertThat(path.toFile().length()).isEqualTo(SIZE);
        // Closed, it is free for others.
        device.closeNow();
        device = FileDevice.open(path, loop, FileDevice.Options.DATA);
        assertThat(read(1 << 20, 4096)).containsOnly(0);
    }

    /// A full file system may have no space to note a hole either; that is no failure of the disk.
    @Test
    void answersToAHoleAreToldFromFailures() throws IOException {
        int noSpace = 28;
        int overQuota = 122;
        int notSupported = 95;
        int inputOutput = 5;
        assertThat(Holes.Answer.of(0)).isEqualTo(Holes.Answer.TAKEN);
        assertThat(Holes.Answer.of(noSpace)).isEqualTo(Holes.Answer.NO_SPACE);
        assertThat(Holes.Answer.of(overQuota)).isEqualTo(Holes.Answer.NO_SPACE);
        assertThat(Holes.Answer.of(notSupported)).isEqualTo(Holes.Answer.REFUSED);
        assertThatThrownBy(() -> Holes.Answer.of(inputOutput)).isInstanceOf(IOException.class);
        // What is not there to be opened a second time makes no holes.
        assertThat(Holes.open(path.resolveSibling("nothing"))).isNull();
    }

    /// The words of this system for a file system that is full, of a device that always is.
    @Test
    void fullFileSystemIsToldFromAFailure() throws IOException {
        BackingFile backing = new BackingFile(path, SIZE);
        Path always = Path.of("/dev/full");
        try (FileChannel full = FileChannel.open(always, StandardOpenOption.WRITE)) {
            assertThatThrownBy(() -> full.write(ByteBuffer.allocate(512)))
                    .isInstanceOfSatisfying(
                            IOException.class,
                            failed ->
                                    assertThat(backing.judged(failed))
                                            .isInstanceOf(BackingFile.NoSpace.class));
        }
        IOException failed = new IOException("Input/output error");
        assertThat(backing.judged(failed)).isSameAs(failed);
    }

    /// Row P7: an interrupt closes the channel that its thread is using, so none reaches a thread
    /// that uses one, whoever is interrupted.
    @Test
    void p7InterruptOfWhoAsksCostsNoDevice() {
        byte[] bytes = noise(1 << 20);
        for (int i = 0; i < 20; i++) {
            Extent extent = new Extent(0, List.of(ByteBuffer.wrap(bytes)));
            assertThat(
                            ended(
                                    done -> {
                                        Thread.currentThread().interrupt();
                                        device.writeDurably(List.of(extent), done);
                                        assertThat(Thread.interrupted()).isTrue();
                                    }))
                    .isNull();
            assertThat(ended(device::flush)).isNull();
        }
        assertThat(read(0, bytes.length)).isEqualTo(bytes);
    }

    /// Row P9: another process, started as anybody would.
    @Test
    void p9SecondProcessIsRefusedAsLongAsTheFirstHasIt() throws Exception {
        assertThat(openElsewhere()).isEqualTo(IN_USE);
        // Nothing that one of several descriptors goes through gives the lock away.
        assertThat(ended(done -> device.punch(0, 1 << 20, done))).isNull();
        Extent extent = new Extent(0, List.of(ByteBuffer.wrap(noise(4096))));
        assertThat(ended(done -> device.writeDurably(List.of(extent), done))).isNull();
        assertThat(openElsewhere()).isEqualTo(IN_USE);
        device.closeNow();
        assertThat(openElsewhere()).isZero();
    }

    private static final int IN_USE = 3;

    private int openElsewhere() throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("java.class.path");
        List<String> command =
                List.of(java, "-XX:TieredStopAtLevel=1", "-cp", classes, Other.class.getName());
        List<String> all = new ArrayList<>(command);
        all.add(path.toString());
        return new ProcessBuilder(all).inheritIO().start().waitFor();
    }

    /// The other process.
    static final class Other {
        private Other() {}

        public static void main(String[] args) throws Exception {
            ThreadEventLoop loop = new ThreadEventLoop("other");
            try {
                FileDevice.open(Path.of(args[0]), loop, FileDevice.Options.DATA).closeNow();
            } catch (DeviceInUse _) {
                System.exit(IN_USE);
            }
            System.exit(0);
        }
    }

    @Test
    void removedFileFailsTheFlushAndEverythingAfterIt() throws IOException {
        Files.delete(path);
        assertThat(ended(device::flush).reason()).contains("removed");
        Extent extent = new Extent(0, List.of(ByteBuffer.allocate(4096)));
        assertThat(ended(done -> device.read(extent, done))).isNotNull();
        assertThat(ended(device::flush)).isNotNull();
    }

    @Test
    void replacedFileFailsTheFlush() throws IOException {
        Files.move(path, folder.resolve("away"));
        FileDevice.createSparse(path, SIZE);
        assertThat(ended(device::flush).reason()).contains("replaced");
    }

    @Test
    void readPastACutIsAFault() throws IOException {
        try (FileChannel other = FileChannel.open(path, StandardOpenOption.WRITE)) {
            other.truncate(4096);
        }
        Extent extent = new Extent(8192, List.of(ByteBuffer.allocate(4096)));
        assertThat(ended(done -> device.read(extent, done)).reason()).contains("cut short");
        assertThat(ended(device::flush).reason()).contains("cut short");
    }

    @Test
    void closedDeviceAnswersWithAFault() {
        device.close();
        IoFault fault = ended(done -> device.flush(done));
        assertThat(fault).isNotNull();
        assertThat(fault.reason()).isEqualTo("the device is closed");
    }

    @Test
    void secondOpenIsRefused() {
        assertThatThrownBy(() -> FileDevice.open(path, loop, FileDevice.Options.DATA))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in use");
    }

    @Test
    void preallocatedFileIsZerosOfItsFullSize() throws IOException {
        Path log = folder.resolve("log");
        FileDevice.preallocate(log, 3 * 4096);
        assertThat(Files.readAllBytes(log)).hasSize(3 * 4096).containsOnly(0);
    }
}
