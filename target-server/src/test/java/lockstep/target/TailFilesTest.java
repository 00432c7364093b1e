package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.real.ThreadEventLoop;
import lockstep.replication.tail.TailFormat;
import lockstep.replication.tail.TailWriter;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

final class TailFilesTest {
    private static final Epoch EPOCH = new Epoch(3, 4);
    private static final TailFormat.Head HEAD =
            new TailFormat.Head(
                    new VolumeId(1, 2),
                    10,
                    1_800_000_000_000L,
                    new CpId(EPOCH, 8),
                    new CpId(EPOCH, 9),
                    Position.NONE,
                    "vol");

    @TempDir Path directory;
    private final ThreadEventLoop loop = new ThreadEventLoop("core");

    @AfterEach
    void stop() {
        loop.close();
    }

    private String keep() throws Exception {
        CompletableFuture<String> kept = new CompletableFuture<>();
        TailFiles files = new TailFiles(directory, loop);
        loop.execute(() -> write(new TailWriter(files, HEAD, handler(kept))));
        String ended = kept.get(20, TimeUnit.SECONDS);
        files.close();
        return ended;
    }

    private static void write(TailWriter writer) {
        ByteBuffer data = ByteBuffer.allocate(4096);
        CpId image = new CpId(EPOCH, 9);
        Position entry = new Position(EPOCH, 77);
        writer.range(
                1,
                4096,
                4096,
                data,
                image,
                null,
                () -> writer.range(0, 0, 1024, null, null, entry, writer::ended));
    }

    private static TailWriter.Handler handler(CompletableFuture<String> kept) {
        return new TailWriter.Handler() {
            @Override
            public void nothing() {
                kept.complete("nothing");
            }

            @Override
            public void kept(String file, long records, long bytes, boolean incomplete) {
                assertThat(records).isEqualTo(2);
                assertThat(bytes).isEqualTo(5120);
                assertThat(incomplete).isFalse();
                kept.complete(file);
            }

            @Override
            public void failed(String reason) {
                kept.complete("failed: " + reason);
            }
        };
    }

    @Test
    void aTailIsAFileThatOnlyItsOwnerReads() throws Exception {
        Path file = Path.of(keep());
        assertThat(file.getFileName().toString()).matches("vol-[0-9T.]+Z\\.tail");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        try (var all = Files.list(directory.resolve("tails"))) {
            assertThat(all).containsExactly(file);
        }
        List<TailReader.Line> lines = new ArrayList<>();
        TailReader.Summary summary = TailReader.read(file, lines::add);
        assertThat(summary.whole()).isTrue();
        assertThat(summary.records()).isEqualTo(2);
        assertThat(summary.time()).isEqualTo("2027-01-15T08:00:00Z");
        assertThat(lines)
                .extracting(TailReader.Line::what, TailReader.Line::lun, TailReader.Line::lba)
                .containsExactly(tuple("data", 1, 8L), tuple("zeros", 0, 0L));
        assertThat(lines.getLast().place()).isEqualTo("entry 77 of 3@4");
    }

    @Test
    void aFileThatIsCutOffSaysSo() throws Exception {
        Path file = Path.of(keep());
        byte[] all = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(all, all.length - 30));
        List<TailReader.Line> lines = new ArrayList<>();
        assertThat(TailReader.read(file, lines::add).whole()).isFalse();
        assertThat(lines).hasSize(1);
        Files.writeString(file, "something else");
        assertThatThrownBy(() -> TailReader.read(file, lines::add))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no file of a tail");
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsTold() throws Exception {
        Files.writeString(directory.resolve("tails"), "in the way");
        assertThat(keep()).startsWith("failed: ");
    }
}
