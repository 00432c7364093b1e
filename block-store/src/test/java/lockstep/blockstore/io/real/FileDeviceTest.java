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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
        device = FileDevice.open(path, loop, new FileDevice.Options(2, true, true));
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
