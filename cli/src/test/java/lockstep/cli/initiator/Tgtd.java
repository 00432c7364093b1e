package lockstep.cli.initiator;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A tgtd (the C user space target of Debian's package tgt) on loopback with one LUN 1 on a file: a
/// target that is not ours, to test our initiator and tools against.
public final class Tgtd implements AutoCloseable {
    /// Its target's name.
    public static final String IQN = "iqn.2026-11.io.lockstep:tgt";

    private final Process process;
    private final int port;

    private Tgtd(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /// Starts one with a LUN of `bytes` bytes in `directory`. Without tgtd the test is skipped, or,
    /// under CI=true, fails.
    public static Tgtd start(Path directory, long bytes) throws Exception {
        if (!Files.isExecutable(Path.of("/usr/sbin/tgtd"))) {
            if ("true".equals(System.getenv("CI"))) {
                fail("tgtd is not installed (Debian package tgt)");
            }
            assumeTrue(false, "tgtd is not installed");
        }
        int port = freePort();
        Path image = directory.resolve("tgt.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        }
        Process process =
                run(
                        directory,
                        "/usr/sbin/tgtd",
                        "-f",
                        "-C",
                        "" + port,
                        "--iscsi",
                        "portal=127.0.0.1:" + port);
        Tgtd tgtd = new Tgtd(process, port);
        for (int i = 0; i < 100 && tgtd.admin(directory, "sys", "show") != 0; i++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        tgtd.must(directory, "target", "new", "--tid", "1", "--targetname", IQN);
        tgtd.must(
                directory,
                "logicalunit",
                "new",
                "--tid",
                "1",
                "--lun",
                "1",
                "--backing-store",
                image.toString());
        tgtd.must(
                directory,
                "logicalunit",
                "update",
                "--tid",
                "1",
                "--lun",
                "1",
                "--params",
                "thin_provisioning=1");
        for (String key :
                List.of("MaxRecvDataSegmentLength", "FirstBurstLength", "MaxBurstLength")) {
            tgtd.must(
                    directory, "target", "update", "--tid", "1", "--name", key, "--value",
                    "262144");
        }
        tgtd.must(
                directory,
                "target",
                "update",
                "--tid",
                "1",
                "--name",
                "InitialR2T",
                "--value",
                "No");
        tgtd.must(directory, "target", "bind", "--tid", "1", "--initiator-address", "ALL");
        return tgtd;
    }

    /// Where its LUN is.
    public IscsiUrl url() {
        return new IscsiUrl("127.0.0.1", port, IQN, 1);
    }

    /// Its process id.
    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }

    private void must(Path directory, String mode, String op, String... more) throws Exception {
        if (admin(directory, mode, op, more) != 0) {
            throw new IOException("tgtadm " + mode + " " + op + " failed");
        }
    }

    private int admin(Path directory, String mode, String op, String... more) throws Exception {
        List<String> command =
                new ArrayList<>(
                        List.of("tgtadm", "-C", "" + port, "--lld", "iscsi", "--mode", mode));
        command.addAll(List.of("--op", op));
        command.addAll(List.of(more));
        return run(directory, command.toArray(String[]::new)).waitFor();
    }

    private static Process run(Path directory, String... command) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(directory.resolve("tgt.log").toFile()))
                .start();
    }

    // tgtd's control socket is named by a 15-bit number, so the port is kept in that range.
    private static int freePort() throws IOException {
        for (int port = 20000 + (int) (ProcessHandle.current().pid() % 5000); ; port++) {
            try (ServerSocket _ = new ServerSocket(port)) {
                return port;
            } catch (IOException e) {
                if (port > 32000) {
                    throw e;
                }
            }
        }
    }
}
