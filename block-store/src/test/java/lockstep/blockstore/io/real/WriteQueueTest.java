package lockstep.blockstore.io.real;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.Set;

/// What goes through the system's queue: there is one wherever writes go past the page cache.
@EnabledOnOs(
        value = OS.LINUX,
        architectures = {"amd64", "aarch64"})
final class WriteQueueTest {
    private static final int SIZE = 1 << 20;

    @TempDir private Path folder;

    private static BitSet bits(int... set) {
        BitSet bits = new BitSet();
        Arrays.stream(set).forEach(bits::set);
        return bits;
    }

    private Path file() throws IOException {
        Path path = folder.resolve("disk");
        Files.write(path, new byte[SIZE]);
        return path;
    }

    private static @Nullable WriteQueue queue(Path path) throws IOException {
        Channels.Opened opened = Channels.open(path, true, Set.of(StandardOpenOption.READ));
        opened.channel().close();
        WriteQueue queue = WriteQueue.open(path);
        assertThat(queue != null).isEqualTo(opened.direct());
        return queue;
    }

    private static ByteBuffer noise(int length) {
        byte[] bytes = new byte[length];
        new Random(7).nextBytes(bytes);
        return ByteBuffer.allocateDirect(length + Blocks.SIZE)
                .alignedSlice(Blocks.SIZE)
                .put(bytes)
                .flip();
    }

    @Test
    void rangesAreWrittenWhereTheyBelong() throws IOException {
        Path path = file();
        try (WriteQueue queue = queue(path)) {
            if (queue == null) {
                return;
            }
            for (int round = 0; round < 3; round++) {
                ByteBuffer bytes = noise(3 * Blocks.SIZE);
                long[] offsets = {40_960, 0, 4096L * (20 + round)};
                int[] lengths = {4096, 4096, 4096};
                assertThat(queue.write(bytes, offsets, lengths)).isEqualTo(bits(0, 1, 2));
                byte[] now = Files.readAllBytes(path);
                for (int i = 0; i < 3; i++) {
                    ByteBuffer there = ByteBuffer.wrap(now, (int) offsets[i], 4096);
                    assertThat(there).isEqualTo(bytes.slice(i * 4096, 4096));
                }
            }
        }
    }

    /// What makes no sense to the system is not written, nor what stands behind it; nothing else is
    /// said to be.
    @Test
    void whatIsNotWrittenIsNotSaidToBe() throws IOException {
        Path path = file();
        try (WriteQueue queue = queue(path)) {
            if (queue == null) {
                return;
            }
            ByteBuffer bytes = noise(4 * Blocks.SIZE);
            int[] lengths = {4096, 4096, 4096, 4096};
            BitSet written = queue.write(bytes, new long[] {0, 4096, -4096, 8192}, lengths);
            assertThat(written).isEqualTo(bits(0, 1));
            assertThat(queue.write(bytes, new long[] {100, 4096, 0, 8192}, lengths).get(0))
                    .isFalse();
            byte[] now = Files.readAllBytes(path);
            assertThat(ByteBuffer.wrap(now, 4096, 4096)).isEqualTo(bytes.slice(4096, 4096));
            assertThat(Files.size(path)).isEqualTo(SIZE);
        }
    }
}
