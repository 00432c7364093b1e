package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.demo.ChildJvm;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Small nodes that start fast, on ports that were free a moment ago. The two sides of a pair never
/// have the same disks.
public final class TestPair {
    /// For whatever should take a moment.
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    /// Bytes.
    public static final long MEBIBYTE = 1 << 20;

    /// What the nodes of tests run in.
    public static final ChildJvm JAVA =
            new ChildJvm(
                    List.of(
                            "-Xmx256m",
                            "-XX:MaxDirectMemorySize="
                                    + Integer.getInteger("node.direct-mebibytes", 512)
                                    + "m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-Dio.netty.leakDetection.level=paranoid"),
                    packaged());

    private TestPair() {}

    /// The program as `bin/lockstep` starts it, which the build has packaged before these tests.
    private static String packaged() {
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            Path jar =
                    files.filter(file -> file.getFileName().toString().matches("cli-.*\\.jar"))
                            .findFirst()
                            .orElseThrow(() -> new AssertionError("the program is not packaged"));
            return jar.toAbsolutePath() + ":" + jar.toAbsolutePath().resolveSibling("lib") + "/*";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ChildNode.Settings settings(long logMebibytes, long halfMebibytes) {
        return settings(logMebibytes, halfMebibytes, 16);
    }

    /// A lease that a busy machine does not let run out, for tests in which nobody takes over.
    static ChildNode.Settings steady(long logMebibytes, long halfMebibytes, long cacheMebibytes) {
        return settings(logMebibytes, halfMebibytes, cacheMebibytes, Duration.ofSeconds(10));
    }

    static ChildNode.Settings settings(long logMebibytes, long halfMebibytes, long cacheMebibytes) {
        return settings(logMebibytes, halfMebibytes, cacheMebibytes, Duration.ofMillis(300));
    }

    /// With a lease of the caller's choice, and consistency points only when a half is full.
    static ChildNode.Settings unhurried(
            long logMebibytes, long halfMebibytes, long cacheMebibytes, Duration lease) {
        return new ChildNode.Settings(
                logMebibytes * MEBIBYTE,
                halfMebibytes * MEBIBYTE,
                cacheMebibytes * MEBIBYTE,
                lease,
                Duration.ofHours(1));
    }

    private static ChildNode.Settings settings(
            long logMebibytes, long halfMebibytes, long cacheMebibytes, Duration lease) {
        return new ChildNode.Settings(
                logMebibytes * MEBIBYTE,
                halfMebibytes * MEBIBYTE,
                cacheMebibytes * MEBIBYTE,
                lease,
                Duration.ofMillis(500));
    }

    /// One node with `disks` disks.
    static ChildNode node(
            String name, Path directory, int disks, long diskMebibytes, ChildNode.Settings settings)
            throws IOException {
        List<Integer> ports = freePorts(2);
        return new ChildNode(
                new ChildNode.Plan(
                        name,
                        directory.resolve(name),
                        disks,
                        diskMebibytes * MEBIBYTE,
                        ports.get(0),
                        ports.get(1),
                        settings),
                JAVA);
    }

    /// Two nodes, 4+1 disks and 3+1, with a volume of at least `mebibytes`, not started.
    static LoopbackPair of(Path directory, long mebibytes, ChildNode.Settings settings)
            throws IOException {
        long small = mebibytes / 4 + 16;
        long large = mebibytes / 3 + 40;
        return new LoopbackPair(
                node("alpha", directory, 5, small, settings),
                node("beta", directory, 4, large, settings));
    }

    /// The same, started, in sync, with LUN 0 of `lunMebibytes`.
    static LoopbackPair started(
            Path directory, long mebibytes, long lunMebibytes, ChildNode.Settings settings)
            throws Exception {
        LoopbackPair pair = of(directory, mebibytes, settings);
        pair.start();
        pair.createVolume();
        pair.createLun(0, "data", lunMebibytes * MEBIBYTE);
        pair.pair();
        pair.awaitInSync(PATIENCE);
        return pair;
    }

    /// Waits until `hosts` have had `acked` writes acknowledged in all.
    static void awaitWrites(StampedHosts hosts, long acked) throws Exception {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (hosts.counts().acked() < acked) {
            assertThat(System.nanoTime()).as("writes go on").isLessThan(until);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                held.add(socket);
                ports.add(socket.getLocalPort());
            }
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
        return ports;
    }
}
