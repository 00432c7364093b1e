package lockstep.cli;

import lockstep.cli.demo.ChildJvm;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.target.admin.model.NodeStatus;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Makes the cache that lets the program start fast. A second JVM runs a mirrored pair, hosts that
/// write to it and the commands that people use most, all in its own process; what it has loaded
/// and learned by then goes into the file that the JVMs of the program map. The build calls it
/// last.
///
/// A rehearsal that fails is told and costs nothing but starting time.
public final class Rehearsal {
    private static final long MEBIBYTE = 1 << 20;
    private static final int SECTORS = 8 * 2048;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ChildNode.Settings SETTINGS =
            new ChildNode.Settings(
                    64 * MEBIBYTE,
                    8 * MEBIBYTE,
                    16 * MEBIBYTE,
                    Duration.ofSeconds(10),
                    Duration.ofMillis(500));

    private Rehearsal() {}

    /// Without arguments: makes the cache of the class path's program unless it is newer than all
    /// jars. With a directory: the performance itself.
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 1) {
            // Nodes run in this process, so it has to be told to end, however this went.
            int code = 1;
            try {
                code = perform(Path.of(arguments[0])) ? 0 : 1;
            } catch (Exception failed) {
                System.out.println("the rehearsal failed: " + failed);
            }
            System.exit(code);
        }
        ChildJvm program = ChildJvm.likeThis(List.of("-Xlog:aot*=error", "-Xmx512m"));
        if (!isFresh(program)) {
            make(program);
        }
    }

    private static boolean isFresh(ChildJvm program) throws IOException {
        Path cache = program.cache();
        if (!Files.exists(cache)) {
            return false;
        }
        for (String jar : program.classPath().split(File.pathSeparator, -1)) {
            if (Files.getLastModifiedTime(Path.of(jar)).compareTo(Files.getLastModifiedTime(cache))
                    >= 0) {
                return false;
            }
        }
        return true;
    }

    private static void make(ChildJvm program) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("lockstep-rehearsal");
        Path output = directory.resolve("output");
        Path cache = program.cache();
        Files.deleteIfExists(cache);
        List<String> command = new ArrayList<>(List.of(ChildJvm.java()));
        command.add("-XX:AOTCacheOutput=" + cache);
        command.addAll(program.arguments());
        command.addAll(List.of(Rehearsal.class.getName(), directory.toString()));
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        boolean ended = process.waitFor(PATIENCE.toSeconds() * 3, TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
        if (!ended || process.exitValue() != 0 || !Files.exists(cache)) {
            Files.deleteIfExists(cache);
            System.out.println("no cache for a fast start was made:");
            Files.readAllLines(output).forEach(System.out::println);
        }
        delete(directory);
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    private static boolean perform(Path directory) throws Exception {
        List<Integer> ports = ports(4);
        ChildNode one = node("one", directory, 4, 32, ports.subList(0, 2));
        ChildNode two = node("two", directory, 3, 64, ports.subList(2, 4));
        LoopbackPair pair = new LoopbackPair(one, two);
        for (ChildNode node : List.of(one, two)) {
            node.prepare();
            String file = node.configuration().toString();
            Thread.ofPlatform().daemon().start(() -> command("node", "start", "-c", file));
            awaitReady(node);
        }
        pair.createVolume();
        pair.createLun(0, "data", SECTORS * 512L);
        pair.pair();
        pair.awaitInSync(PATIENCE);
        boolean right;
        try (StampedHosts hosts = new StampedHosts(SECTORS, 2, 8, 1)) {
            hosts.start(LoopbackPair.url(one, 0));
            askEverything(one.socket().toString());
            TimeUnit.SECONDS.sleep(1);
            StampedHosts.Seen seen = hosts.stop();
            right = hosts.verify(LoopbackPair.url(one, 0)).isClean() && seen.writes() > 0;
        }
        return right;
    }

    private static void askEverything(String node) {
        for (String noun : List.of("disk", "volume", "lun", "pair")) {
            command(noun, "list", "--node", node);
        }
        command("status", "--node", node);
        command("status", "--json", "--node", node);
        command("takeover", LoopbackPair.VOLUME, "--node", node);
        command("--help");
    }

    private static void command(String... arguments) {
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        Lockstep.commandLine().setOut(nowhere).setErr(nowhere).execute(arguments);
    }

    private static void awaitReady(ChildNode node) throws Exception {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                node.admin().get("/status", NodeStatus.class);
                return;
            } catch (IOException notYet) {
                if (System.nanoTime() > until) {
                    throw notYet;
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    private static ChildNode node(
            String name, Path directory, int disks, int mebibytes, List<Integer> ports) {
        return new ChildNode(
                new ChildNode.Plan(
                        name,
                        directory.resolve(name),
                        disks,
                        mebibytes * MEBIBYTE,
                        ports.get(0),
                        ports.get(1),
                        SETTINGS),
                ChildJvm.likeThis(List.of()));
    }

    private static List<Integer> ports(int count) throws IOException {
        List<Integer> ports = new ArrayList<>();
        List<java.net.ServerSocket> held = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            var socket = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
            held.add(socket);
            ports.add(socket.getLocalPort());
        }
        for (java.net.ServerSocket socket : held) {
            socket.close();
        }
        return ports;
    }
}
