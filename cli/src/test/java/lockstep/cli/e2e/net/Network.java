package lockstep.cli.e2e.net;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/// Three namespaces, of the hosts and of two nodes, and a wire between each two of them. Names
/// carry the id of this process, so runs side by side do not meet, and nothing is left behind.
final class Network implements AutoCloseable {
    private static final String PLACES = "/run/netns/";
    private static final String PREFIX = "lockstep-";

    private final List<String> namespaces = new CopyOnWriteArrayList<>();
    private final String hosts;
    private final String first;
    private final String second;
    private final Wire between;
    private final Wire toFirst;
    private final Wire toSecond;

    /// Number `lane` of this process.
    Network(int lane) throws IOException, InterruptedException {
        String prefix = PREFIX + ProcessHandle.current().pid() + "-" + lane;
        hosts = prefix + "-hosts";
        first = prefix + "-first";
        second = prefix + "-second";
        // Also if this process is told to end in the middle.
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::close));
        try {
            for (String name : List.of(hosts, first, second)) {
                Shell.run("ip netns add " + name);
                namespaces.add(name);
                Shell.run("ip -n " + name + " link set lo up");
            }
            between = wire("between", first, second, 0);
            toFirst = wire("tofirst", hosts, first, 1);
            toSecond = wire("tosecond", hosts, second, 2);
        } catch (IOException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static Wire wire(String name, String one, String other, int number)
            throws IOException, InterruptedException {
        String net = "10.77." + number + ".";
        return new Wire(name, new Wire.End(one, net + "1"), new Wire.End(other, net + "2"));
    }

    /// Skips the test, saying why, where there can be no namespaces; fails it under CI=true.
    static void need() {
        List<String> missing = new ArrayList<>();
        if (!"root".equals(System.getProperty("user.name"))) {
            missing.add("root");
        }
        for (String program : List.of("ip", "nft")) {
            if (!Files.isExecutable(Path.of("/usr/sbin", program))) {
                missing.add("/usr/sbin/" + program);
            }
        }
        if (!Files.exists(Path.of("/dev/net/tun"))) {
            missing.add("/dev/net/tun");
        }
        if (!missing.isEmpty()) {
            if ("true".equals(System.getenv("CI"))) {
                fail("network namespaces need " + missing);
            }
            assumeTrue(false, "network namespaces need " + missing);
        }
    }

    /// Takes away what runs have left that were killed: namespaces of processes that are no more.
    static void sweep() throws IOException, InterruptedException {
        if (!Files.isDirectory(Path.of(PLACES))) {
            return;
        }
        List<String> left = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of(PLACES))) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches(PREFIX + "\\d+-\\d+-[a-z]+"))
                    .filter(name -> ProcessHandle.of(pid(name)).isEmpty())
                    .forEach(left::add);
        }
        for (String name : left) {
            Shell.run("ip netns del " + name);
        }
    }

    private static long pid(String name) {
        return Long.parseLong(name.substring(PREFIX.length(), name.indexOf('-', PREFIX.length())));
    }

    /// The namespace of the node `number`, 0 or 1.
    String node(int number) {
        return number == 0 ? first : second;
    }

    /// The wire between the nodes.
    Wire between() {
        return between;
    }

    /// The wire between hosts and the node `number`.
    Wire toNode(int number) {
        return number == 0 ? toFirst : toSecond;
    }

    /// Does `task` in a thread that lives, with all threads that it starts, where the hosts are.
    <T> T amongHosts(Callable<T> task) throws Exception {
        CompletableFuture<T> ended = new CompletableFuture<>();
        Thread.ofPlatform()
                .name(hosts)
                .start(
                        () -> {
                            try {
                                Native.enter(PLACES + hosts);
                                ended.complete(task.call());
                            } catch (Throwable e) {
                                ended.completeExceptionally(e);
                            }
                        });
        try {
            return ended.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception failure) {
                throw failure;
            }
            throw new AssertionError(e.getCause());
        }
    }

    @Override
    public void close() {
        for (String name : List.copyOf(namespaces)) {
            namespaces.remove(name);
            try {
                Shell.run("ip netns del " + name);
            } catch (IOException e) {
                System.out.println("a namespace is left: " + e.getMessage());
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
