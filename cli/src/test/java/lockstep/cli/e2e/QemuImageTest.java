package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.demo.LoopbackPair;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A real file system, made and read by programs that are not ours, over QEMU's iSCSI.
final class QemuImageTest {
    private static final long IMAGE_MEBIBYTES = 480;
    private static final List<String> SYSTEM = List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin");

    @TempDir Path directory;

    @Test
    void anExt4ImageComesBackIdentical() throws Exception {
        Path tree = Path.of(System.getProperty("java.home"));
        assertThat(bytesBelow(tree)).as("the tree " + tree).isGreaterThan(200L << 20);
        Path image = directory.resolve("image");
        Path back = directory.resolve("back");
        need("mke2fs", "qemu-img", "e2fsck");
        run("mke2fs", "-q", "-t", "ext4", "-d", tree + "", image + "", IMAGE_MEBIBYTES + "M");
        try (LoopbackPair pair =
                TestPair.started(
                        directory,
                        IMAGE_MEBIBYTES + 256,
                        IMAGE_MEBIBYTES,
                        TestPair.steady(128, 32, 16))) {
            String lun = LoopbackPair.url(pair.first(), 0).toString();
            run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image + "", lun);
            run("qemu-img", "compare", "-f", "raw", "-F", "raw", image + "", lun);
            run("qemu-img", "convert", "-f", "raw", "-O", "raw", lun, back + "");
        }
        run("e2fsck", "-fn", back + "");
    }

    private static long bytesBelow(Path tree) throws IOException {
        try (Stream<Path> files = Files.walk(tree)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    // Under CI what is missing is a failure; on somebody's machine it is no test.
    private static void need(String... tools) {
        for (String tool : tools) {
            boolean found = SYSTEM.stream().anyMatch(bin -> Files.exists(Path.of(bin, tool)));
            if (System.getenv("CI") == null) {
                Assumptions.assumeTrue(found, tool + " is not installed");
            }
            assertThat(found).as(tool + " is installed").isTrue();
        }
    }

    private void run(String... command) throws Exception {
        Path output = directory.resolve("output");
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
        builder.environment().merge("PATH", ":/usr/sbin:/sbin", String::concat);
        // The program is looked up in our own path, which may lack the system's.
        command[0] =
                SYSTEM.stream()
                        .map(bin -> Path.of(bin, command[0]))
                        .filter(Files::exists)
                        .findFirst()
                        .orElseThrow()
                        .toString();
        Process process = builder.command(command).start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).as(String.join(" ", command)).isTrue();
        assertThat(process.exitValue())
                .as(String.join(" ", command) + ": " + Files.readString(output))
                .isZero();
    }
}
