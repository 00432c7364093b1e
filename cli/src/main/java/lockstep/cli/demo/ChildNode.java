package lockstep.cli.demo;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.NodeStatus;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// A node as a child process of this one, with file-backed disks in a directory of its own. The
/// child ends with its parent, however that ends: its standard input is the lifeline.
public final class ChildNode implements AutoCloseable {
    /// What the node is made of. A directory that has been used before is used again as it is.
    public record Plan(
            String name,
            Path directory,
            int disks,
            long diskBytes,
            int iscsiPort,
            int replicationPort,
            Settings settings,
            Place place) {
        /// One on loopback.
        public Plan(
                String name,
                Path directory,
                int disks,
                long diskBytes,
                int iscsiPort,
                int replicationPort,
                Settings settings) {
            this(
                    name,
                    directory,
                    disks,
                    diskBytes,
                    iscsiPort,
                    replicationPort,
                    settings,
                    Place.LOOPBACK);
        }
    }

    /// Where it runs and is reached. `launcher` is a program, with its arguments, that becomes the
    /// one named behind it, like `ip netns exec NAME`; `configuration` stands behind all else in
    /// the node's file.
    public record Place(
            List<String> launcher,
            String iscsiAddress,
            String replicationAddress,
            String configuration) {
        /// Here, for nobody else.
        public static final Place LOOPBACK = new Place(List.of(), "127.0.0.1", "127.0.0.1", "");

        public Place {
            launcher = List.copyOf(launcher);
        }
    }

    /// How it is tuned.
    public record Settings(
            long logBytes, long halfBytes, long cacheBytes, Duration lease, Duration cpInterval) {}

    private static final Duration START_TIME = Duration.ofSeconds(90);
    private static final int LAST_WORDS = 40;

    private final Plan plan;
    private final ChildJvm jvm;
    private @Nullable Process process;
    private boolean killed;

    /// A node that is not running yet; `jvm` is what it will run in.
    public ChildNode(Plan plan, ChildJvm jvm) {
        this.plan = plan;
        this.jvm = jvm;
    }

    /// What it is made of.
    public Plan plan() {
        return plan;
    }

    /// The path of disk `number`.
    public Path disk(int number) {
        return plan.directory.resolve("disks").resolve("disk" + number);
    }

    /// What it logged, all starts in one file.
    public Path logFile() {
        return plan.directory.resolve("node.log");
    }

    /// Asks it.
    public AdminClient admin() {
        return new AdminClient(socket().toString());
    }

    /// Where it is asked.
    public Path socket() {
        return plan.directory.resolve("admin.sock");
    }

    /// Makes disks and configuration where there are none, and writes the configuration anew.
    public void prepare() throws IOException {
        Files.createDirectories(plan.directory.resolve("disks"));
        for (int i = 0; i < plan.disks; i++) {
            if (!Files.exists(disk(i))) {
                try (RandomAccessFile file = new RandomAccessFile(disk(i).toFile(), "rw")) {
                    file.setLength(plan.diskBytes);
                }
            }
        }
        Files.writeString(configuration(), configurationText());
    }

    /// Its file.
    public Path configuration() {
        return plan.directory.resolve("node.conf");
    }

    private String configurationText() {
        Settings tuned = plan.settings;
        return String.format(
                Locale.ROOT,
                """
                # Written by `lockstep demo`; see conf/node.example.conf for every key.
                name = "%s"
                data-dir = "%s"
                disks = ["%s/disks/*"]
                log { size = %d, segment = 1 MiB, half = %d }
                iscsi.portals = ["%s:%d"]
                replication { listen = "%s:%d", lease = %d ms, loss = 1500 ms }
                admin.socket = "%s"
                cache-size = %d
                consistency-points.interval = %d ms
                holes.interval = 1 s
                %s
                """,
                plan.name,
                plan.directory,
                plan.directory,
                tuned.logBytes,
                tuned.halfBytes,
                plan.place.iscsiAddress,
                plan.iscsiPort,
                plan.place.replicationAddress,
                plan.replicationPort,
                tuned.lease.toMillis(),
                socket(),
                tuned.cacheBytes,
                tuned.cpInterval.toMillis(),
                plan.place.configuration);
    }

    /// Starts it and waits until it answers.
    public void start() throws IOException, InterruptedException {
        launch();
        awaitReady();
    }

    /// Starts it and returns at once.
    public void launch() throws IOException {
        prepare();
        List<String> command = new ArrayList<>(plan.place.launcher);
        command.add(ChildJvm.java());
        command.add("-Dlockstep.lifeline=true");
        command.addAll(jvm.arguments());
        command.addAll(
                List.of("lockstep.cli.Lockstep", "node", "start", "-c", configuration() + ""));
        killed = false;
        process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()))
                        .start();
    }

    /// Waits until it answers.
    public void awaitReady() throws IOException, InterruptedException {
        long until = System.nanoTime() + START_TIME.toNanos();
        while (System.nanoTime() < until) {
            if (!isRunning()) {
                throw new IOException(plan.name + " ended at once: " + lastLogLine());
            }
            try {
                admin().get("/status", NodeStatus.class);
                return;
            } catch (IOException | Refused _) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
        throw new IOException(plan.name + " does not answer; its log is " + logFile());
    }

    private String lastLogLine() throws IOException {
        List<String> lines = Files.readAllLines(logFile());
        return lines.isEmpty() ? "it logged nothing" : lines.getLast();
    }

    /// Whether its process lives.
    public boolean isRunning() {
        return process != null && process.isAlive();
    }

    /// Its process id.
    public long pid() {
        return process == null ? -1 : process.pid();
    }

    /// SIGKILL: nothing is tidied up, as in a crash. Returns when the process is gone.
    public void kill() throws InterruptedException {
        if (process != null) {
            killed = true;
            process.destroyForcibly();
            process.waitFor();
        }
    }

    // A node that ended by itself says why at the end of its log, which may not be there for long.
    private void tellWhyItEnded(int exitCode) {
        System.out.println(plan.name + " ended by itself, exit code " + exitCode + ":");
        try {
            List<String> lines = Files.readAllLines(logFile());
            int from = Math.max(0, lines.size() - LAST_WORDS);
            lines.subList(from, lines.size()).forEach(System.out::println);
        } catch (IOException unreadable) {
            System.out.println("its log cannot be read: " + unreadable);
        }
    }

    /// Asks it to end, and makes sure.
    @Override
    public void close() {
        if (process != null) {
            if (!killed && !process.isAlive()) {
                tellWhyItEnded(process.exitValue());
            }
            process.destroy();
            try {
                if (!process.waitFor(5, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException _) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
