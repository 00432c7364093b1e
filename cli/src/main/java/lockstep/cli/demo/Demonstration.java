package lockstep.cli.demo;

import lockstep.cli.client.Refused;
import lockstep.cli.verify.SectorModel;
import lockstep.cli.verify.Verification;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.VolumeView;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The demo: a pair of nodes on loopback that proves itself and then serves. The proof has a LUN of
/// its own, so it can be shown again without touching what people keep on the first.
public final class Demonstration implements AutoCloseable {
    /// The LUN for people.
    private static final int DATA = 0;

    /// The LUN for the proof.
    private static final int PROOF = 1;

    private static final int PROOF_SECTORS = 32 * 2048;
    private static final int PORTS = 4;
    private static final long MEBIBYTE = 1 << 20;
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final ChildJvm JAVA = ChildJvm.likeThis(List.of("-Xmx512m", "-XX:+UseSerialGC"));
    private static final ChildNode.Settings SETTINGS =
            new ChildNode.Settings(
                    512 * MEBIBYTE,
                    64 * MEBIBYTE,
                    128 * MEBIBYTE,
                    Duration.ofSeconds(2),
                    Duration.ofSeconds(5));

    private final Path directory;
    private final long lunBytes;
    private final int port;
    private final PrintWriter out;
    private final LoopbackPair pair;

    /// Below `directory`, with a LUN of `lunBytes` and ports from `port` on.
    public Demonstration(Path directory, long lunBytes, int port, PrintWriter out) {
        this.directory = directory;
        this.lunBytes = lunBytes;
        this.port = port;
        this.out = out;
        // Room for the LUN, the proof's, trees, and old blocks that wait to be free.
        long needed = lunBytes + lunBytes / 4 + 256 * MEBIBYTE;
        this.pair =
                new LoopbackPair(
                        node("source", 5, whole(needed / 4), 0),
                        node("destination", 4, whole(needed / 3 + needed / 16), 1));
    }

    private static long whole(long bytes) {
        return (bytes + MEBIBYTE - 1) / MEBIBYTE * MEBIBYTE;
    }

    private ChildNode node(String name, int disks, long diskBytes, int index) {
        return new ChildNode(
                new ChildNode.Plan(
                        name,
                        directory.resolve(name),
                        disks,
                        diskBytes,
                        port + index,
                        port + 2 + index,
                        SETTINGS),
                JAVA);
    }

    /// Starts the nodes; on a fresh directory also makes the volume, its LUNs and the pair. Returns
    /// when the pair is in sync.
    public void start() throws IOException, InterruptedException, Refused {
        checkPorts();
        boolean fresh = !Files.exists(directory.resolve("source").resolve("node.conf"));
        say("directory %s, %s", directory, fresh ? "fresh" : "used before: going on with it");
        pair.start();
        describe(pair.first());
        describe(pair.second());
        if (LoopbackPair.volume(pair.first()) == null) {
            pair.createVolume();
            say("volume %s is made on source: RAID-4 of 4+1 disks", LoopbackPair.VOLUME);
        }
        if (pair.first().admin().list("/luns", LunView.class).isEmpty()
                && LoopbackPair.volume(pair.second()) == null) {
            pair.createLun(DATA, "data", lunBytes);
            pair.createLun(PROOF, "proof", PROOF_SECTORS * 512L);
            say("LUN %d (%d MiB) and LUN %d for the proof", DATA, lunBytes / MEBIBYTE, PROOF);
        }
        if (LoopbackPair.volume(pair.second()) == null) {
            pair.pair();
            say("paired: the mirror is on destination, RAID-4 of 3+1 larger disks");
        }
        ChildNode source = pair.awaitInSync(PATIENCE);
        say("in sync; %s is the source", source.plan().name());
    }

    private void describe(ChildNode node) {
        say(
                "node %s runs (process %d), iSCSI port %d, log %s",
                node.plan().name(), node.pid(), node.plan().iscsiPort(), node.logFile());
    }

    private void checkPorts() throws IOException {
        for (int i = 0; i < PORTS; i++) {
            try (ServerSocket probe = new ServerSocket()) {
                probe.setReuseAddress(true);
                probe.bind(
                        new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port + i));
            } catch (IOException taken) {
                throw new IOException(
                        "port "
                                + (port + i)
                                + " is taken; the demo uses "
                                + port
                                + " to "
                                + (port + PORTS - 1)
                                + ": choose others with --port",
                        taken);
            }
        }
    }

    /// Writes, reads back, kills the source, takes over, reads back, and heals the pair. Returns
    /// whether everything was as promised.
    public boolean prove() throws Exception {
        ChildNode source = pair.awaitInSync(PATIENCE);
        ChildNode mirror = pair.other(source);
        say("proof: three hosts write stamped sectors to LUN %d", PROOF);
        try (StampedHosts hosts = new StampedHosts(PROOF_SECTORS, 3, 8, System.nanoTime())) {
            hosts.zero(LoopbackPair.url(source, PROOF));
            hosts.start(LoopbackPair.url(source, PROOF));
            TimeUnit.SECONDS.sleep(2);
            StampedHosts.Seen calm = hosts.stop();
            Verification.Report before = hosts.verify(LoopbackPair.url(source, PROOF));
            boolean right = told("read back from " + source.plan().name(), calm, before);

            hosts.start(LoopbackPair.url(source, PROOF));
            TimeUnit.SECONDS.sleep(2);
            source.kill();
            say("killed %s (SIGKILL, process %d) in mid-write", source.plan().name(), source.pid());
            StampedHosts.Seen cut = hosts.ended();
            long began = System.nanoTime();
            pair.takeOver(mirror);
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            say("%s has taken over, in %d ms", mirror.plan().name(), millis);
            Verification.Report after = hosts.verify(LoopbackPair.url(mirror, PROOF));
            right &= told("read back from " + mirror.plan().name(), cut, after);
            right &= countsOf(hosts);
            source.start();
            pair.awaitInSync(PATIENCE);
            say("%s is back as the mirror, in sync", source.plan().name());
            say("proof: %s", right ? "passed" : "FAILED");
            return right;
        }
    }

    private boolean countsOf(StampedHosts hosts) {
        SectorModel.Counts counts = hosts.counts();
        say(
                "in all: %d writes, %d acknowledged, %d cut off without an answer",
                counts.begun(), counts.acked(), counts.unknown());
        return counts.acked() > 0;
    }

    private boolean told(String what, StampedHosts.Seen seen, Verification.Report report) {
        boolean right = report.isClean() && seen.wrongReads() == 0;
        say("%s: %s -- %s", what, report, right ? "right" : "WRONG " + seen.wrong());
        return right;
    }

    /// How hosts attach, and a status line each second until the thread is interrupted or a node
    /// ends.
    public void serve() throws IOException, InterruptedException {
        ChildNode source = pair.source();
        out.print(AttachHelp.text(source.plan().iscsiPort(), LoopbackPair.target(), DATA));
        out.flush();
        while (pair.first().isRunning() && pair.second().isRunning()) {
            out.print("\r" + statusLine() + "   ");
            out.flush();
            TimeUnit.SECONDS.sleep(1);
        }
        ChildNode ended = pair.first().isRunning() ? pair.second() : pair.first();
        throw new IOException(ended.plan().name() + " has ended; its log is " + ended.logFile());
    }

    private String statusLine() throws IOException {
        StringBuilder line = new StringBuilder();
        for (ChildNode node : List.of(pair.first(), pair.second())) {
            VolumeView view = LoopbackPair.volume(node);
            line.append(node.plan().name()).append(": ");
            line.append(view == null ? "no answer" : view.role() + " " + view.state());
            if (view != null && !view.role().equals("destination")) {
                line.append(", ").append(view.usedBytes() / MEBIBYTE).append(" MiB used, ");
                line.append(view.cp());
            }
            line.append("  ");
        }
        return line.toString();
    }

    private void say(String format, Object... arguments) {
        out.printf(format + "%n", arguments);
        out.flush();
    }

    @Override
    public void close() {
        pair.close();
    }
}
