package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.target.admin.model.CheckView;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.ScrubView;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A real node on files: scrubbed while it runs, checked when it is stopped, with damage in
/// between.
@NullUnmarked
final class DiskCheckTest {
    private static final int BLOCK = 4096;
    private static final int DISKS = 4;
    private static final long DISK_BYTES = 4 << 20;

    @TempDir private Path root;

    private Path directory;
    private NodeConfig config;

    @BeforeEach
    void makeDisks() throws Exception {
        directory = Files.createDirectory(root.resolve("d"));
        for (int i = 0; i < DISKS; i++) {
            Files.write(disk(i), new byte[(int) DISK_BYTES]);
        }
        readConfig();
    }

    // A node that ended keeps its locks until its process has: what follows works on copies.
    private void goOnWithCopies() throws Exception {
        Path next = Files.createDirectory(root.resolve(directory.getFileName() + "d"));
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, next.resolve(file.getFileName()));
            }
        }
        directory = next;
        readConfig();
    }

    private void readConfig() throws Exception {
        Path file = directory.resolve("node.conf");
        Files.writeString(
                file,
                """
                name = check
                data-dir = "%1$s"
                disks = ["%1$s/disk*"]
                log { size = 8 MiB, segment = 64 KiB, half = 1 MiB }
                iscsi.portals = ["127.0.0.1:0"]
                consistency-points.interval = 100 ms
                scrub.rate = 1 GiB
                """
                        .formatted(directory));
        config = NodeConfig.load(file);
    }

    private Path disk(int number) {
        return directory.resolve("disk" + number);
    }

    private Node start() throws IOException {
        return Node.start(
                config,
                broken -> {
                    throw new AssertionError(broken);
                });
    }

    private NodeOperator operator(Node node) throws IOException {
        return new NodeOperator(node, KeyFile.open(directory, () -> 1));
    }

    // A volume with some LUNs, at rest.
    private void makeVolume() throws Exception {
        try (Node node = start()) {
            NodeOperator operator = operator(node);
            operator.createVolume(new CreateVolume("v", List.of(), true)).get();
            for (int i = 0; i < 5; i++) {
                operator.createLun("v", new CreateLun(null, "lun" + i, 1 << 20)).get();
            }
            rest(node);
            assertThatThrownBy(() -> DiskCheck.run(config, null))
                    .isInstanceOf(DiskCheck.InUse.class)
                    .hasMessageContaining("in use");
        }
        goOnWithCopies();
    }

    // A node that ends in the middle of a consistency point leaves what its next start makes right.
    private static void rest(Node node) throws Exception {
        CompletableFuture<Void> rests = new CompletableFuture<>();
        node.core()
                .execute(
                        () -> {
                            HostedVolume volume = node.volumes().find("v");
                            volume.replica().active().checkpoint(() -> rests.complete(null));
                        });
        rests.get();
    }

    private void spoil(int disk, long block, int blocks) throws IOException {
        byte[] noise = new byte[blocks * BLOCK];
        new Random(block).nextBytes(noise);
        try (RandomAccessFile file = new RandomAccessFile(disk(disk).toFile(), "rw")) {
            file.seek(block * BLOCK);
            file.write(noise);
        }
    }

    private List<byte[]> disks() throws IOException {
        List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < DISKS; i++) {
            all.add(Files.readAllBytes(disk(i)));
        }
        return all;
    }

    // The first block of data that is not zeros, and so belongs to the image.
    private long someData(int disk) throws IOException {
        byte[] bytes = Files.readAllBytes(disk(disk));
        for (int block = 360; block < bytes.length / BLOCK; block++) {
            for (int at = 0; at < BLOCK; at++) {
                if (bytes[block * BLOCK + at] != 0) {
                    return block;
                }
            }
        }
        throw new AssertionError("disk " + disk + " is empty");
    }

    private CheckView check() throws IOException {
        List<byte[]> before = disks();
        CheckView found = DiskCheck.run(config, null);
        List<byte[]> after = disks();
        for (int i = 0; i < DISKS; i++) {
            assertThat(after.get(i)).as("nothing is changed").isEqualTo(before.get(i));
        }
        return found;
    }

    @Test
    void damageIsReportedByTheCheckAndRepairedByAScrub() throws Exception {
        makeVolume();
        CheckView clean = check();
        assertThat(clean.volumes()).hasSize(1);
        assertThat(clean.volumes().getFirst().findings()).isEmpty();
        assertThat(clean.clean()).as("%s", clean).isTrue();
        assertThat(DiskCheck.run(config, "w").problems().getFirst()).contains("a volume w");
        spoil(0, someData(0), 1);
        // A label, a superblock, a checksum page, each on another disk.
        spoil(1, 1, 1);
        spoil(2, 16, 1);
        spoil(3, 320, 1);
        CheckView.VolumeResult damaged = check().volumes().getFirst();
        assertThat(damaged.clean()).isFalse();
        assertThat(damaged.repairable()).isEqualTo(4);
        assertThat(damaged.lost()).isZero();
        assertThat(damaged.errors()).isEmpty();
        try (Node node = start()) {
            NodeOperator operator = operator(node);
            operator.startScrub("v").get();
            ScrubView scrub = operator.scrub("v").get();
            while (scrub.passes() == 0) {
                TimeUnit.MILLISECONDS.sleep(10);
                scrub = operator.scrub("v").get();
            }
            assertThat(scrub.state()).isEqualTo("idle");
            assertThat(scrub.lost()).isZero();
            rest(node);
        }
        goOnWithCopies();
        assertThat(check().clean()).isTrue();
    }

    @Test
    void whatCannotBeReadAtAllIsReportedToo() throws Exception {
        makeVolume();
        long block = someData(0);
        spoil(0, block, 1);
        spoil(3, block, 1);
        CheckView.VolumeResult lost = check().volumes().getFirst();
        assertThat(lost.lost()).isPositive();
        assertThat(lost.clean()).isFalse();
        // A whole disk.
        spoil(1, 0, (int) (DISK_BYTES / BLOCK));
        CheckView degraded = check();
        assertThat(degraded.volumes().getFirst().errors().toString()).contains("degraded");
        // Superblocks and copy states of all.
        for (int i = 0; i < DISKS; i++) {
            spoil(i, 8, 20);
        }
        CheckView headless = check();
        assertThat(headless.volumes().getFirst().errors().toString()).contains("no member has a");
        for (int i = 0; i < DISKS; i++) {
            spoil(i, 0, (int) (DISK_BYTES / BLOCK));
        }
        assertThat(DiskCheck.run(config, "v").clean()).isFalse();
    }
}
