package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.Lockstep;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiUrl;
import lockstep.cli.initiator.SessionOptions;
import lockstep.cli.verify.Verification;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.DiskView;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.FaultView;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// Real nodes that were started to fail: a disk that cannot be read, a crash between the blocks of
/// a consistency point and its superblock, a link that is a black hole. What hosts wrote is there
/// all the time.
@DisplayName("Fault injection")
@NullUnmarked
final class InjectTest {
    private static final int SECTORS = 8 * 2048;

    @TempDir Path directory;
    private ChildNode node;
    private String out = "";

    private int run(String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of("--node", node.socket().toString()));
        StringWriter text = new StringWriter();
        CommandLine line = Lockstep.commandLine();
        line.setOut(new PrintWriter(text, true)).setErr(new PrintWriter(text, true));
        int code = line.execute(all.toArray(String[]::new));
        out = text.toString();
        return code;
    }

    private void done(String... command) {
        assertThat(run(command)).as(out).isZero();
    }

    private ChildNode testable(String name, int disks, long mebibytes) throws Exception {
        // A cache of 1 MiB, so that what is read comes from the disks.
        ChildNode plain =
                TestPair.node(name, directory, disks, mebibytes, TestPair.steady(32, 2, 1));
        ChildNode.Plan plan = plain.plan();
        var place =
                new ChildNode.Place(List.of(), "127.0.0.1", "127.0.0.1", "fault-injection = true");
        return new ChildNode(
                new ChildNode.Plan(
                        plan.name(),
                        plan.directory(),
                        plan.disks(),
                        plan.diskBytes(),
                        plan.iscsiPort(),
                        plan.replicationPort(),
                        plan.settings(),
                        place),
                TestPair.JAVA);
    }

    private FaultView fault() throws Exception {
        return node.admin().list("/faults", FaultView.class).getFirst();
    }

    @Test
    void aVolumeSurvivesReadErrorsAndACrashAtANamedPoint() throws Exception {
        try (ChildNode started = testable("n", 4, 24);
                StampedHosts hosts = new StampedHosts(SECTORS, 1, 8, 5)) {
            node = started;
            node.start();
            String name = LoopbackPair.VOLUME;
            node.admin()
                    .post("/volumes", new CreateVolume(name, List.of(), true), VolumeView.class);
            var lun = new CreateLun(0, "data", SECTORS * 512L);
            node.admin().post("/volumes/" + name + "/luns", lun, LunView.class);
            done("status");
            assertThat(out).contains("WARNING: this node takes orders to fail");
            refusesWhatMakesNoSense();
            hosts.start(LoopbackPair.url(node, 0));
            TestPair.awaitWrites(hosts, 300);
            readErrors(hosts);
            crash(hosts);
            node.launch();
            isNotToldThatThereIsNoSuchTarget(LoopbackPair.url(node, 0));
            node.awaitReady();
            done("inject", "list", "--json");
            assertThat(out).as("a node that starts has no faults").isEqualTo("[ ]\n");
            Verification.Report report = hosts.verify(LoopbackPair.url(node, 0));
            System.out.println("inject: " + report);
            assertThat(report.isClean()).as(report.toString()).isTrue();
            spoiledWrites();
        }
    }

    // An initiator that is told so gives up (RFC 7143 11.13.5), and the volume is there soon.
    private static void isNotToldThatThereIsNoSuchTarget(IscsiUrl url) throws Exception {
        SessionOptions options = SessionOptions.defaults().named("iqn.test:early", 1);
        long until = System.nanoTime() + TestPair.PATIENCE.toNanos();
        try (Initiator initiator = new Initiator(1)) {
            while (System.nanoTime() < until) {
                try {
                    initiator.connect(url, options).get(30, TimeUnit.SECONDS);
                    return;
                } catch (ExecutionException early) {
                    assertThat(early).hasMessageNotContaining("target not found");
                }
            }
        }
        throw new AssertionError("nobody can log in");
    }

    // A disk says that it has written what is half there, or elsewhere over other blocks.
    private void spoiledWrites() throws Exception {
        var lun = new CreateLun(1, "more", SECTORS * 512L);
        node.admin().post("/volumes/" + LoopbackPair.VOLUME + "/luns", lun, LunView.class);
        IscsiUrl url = LoopbackPair.url(node, 1);
        try (StampedHosts hosts = new StampedHosts(SECTORS, 1, 8, 7)) {
            hosts.start(url);
            TestPair.awaitWrites(hosts, 100);
            for (String kind : List.of("torn-write", "misdirected-write")) {
                done("inject", "disk", "disk1", kind, "--count", "3");
                for (int i = 0; i < 1000 && !fault().spent(); i++) {
                    TestPair.awaitWrites(hosts, hosts.counts().acked() + 5);
                }
                assertThat(fault().spent()).as("it has happened: " + fault()).isTrue();
                done("inject", "clear", "--all");
            }
            TestPair.awaitWrites(hosts, hosts.counts().acked() + 300);
            StampedHosts.Seen seen = hosts.stop();
            assertThat(seen.wrongReads()).as(seen.wrong()).isZero();
            Verification.Report report = hosts.verify(url);
            assertThat(report.isClean()).as(report.toString()).isTrue();
        }
    }

    /// The connection is lost once, silently, and the next one is good.
    @Test
    void aPairComesBackFromABlackHole() throws Exception {
        try (LoopbackPair pair =
                        new LoopbackPair(testable("alpha", 4, 24), testable("beta", 3, 48));
                StampedHosts hosts = new StampedHosts(SECTORS, 1, 8, 6)) {
            pair.start();
            pair.createVolume();
            pair.createLun(0, "data", SECTORS * 512L);
            pair.pair();
            node = pair.awaitInSync(TestPair.PATIENCE);
            hosts.start(LoopbackPair.url(node, 0));
            TestPair.awaitWrites(hosts, 100);
            long since = linkedSince();
            done("inject", "link", "black-hole", "--peer", "beta", "--count", "1");
            for (int i = 0; i < 3000 && linkedSince() == since; i++) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertThat(linkedSince()).as("it was lost").isNotEqualTo(since);
            pair.awaitInSync(TestPair.PATIENCE);
            TestPair.awaitWrites(hosts, hosts.counts().acked() + 100);
            assertThat(fault().spent()).isTrue();
            StampedHosts.Seen seen = hosts.stop();
            assertThat(seen.wrongReads()).as(seen.wrong()).isZero();
            Verification.Report report = hosts.verify(LoopbackPair.url(node, 0));
            assertThat(report.isClean()).as(report.toString()).isTrue();
        }
    }

    // The link may be there again before anybody looks.
    private long linkedSince() throws Exception {
        PairView pair = node.admin().list("/pairs", PairView.class).getFirst();
        return pair.standing().sinceMillis();
    }

    private void refused(String because, String command) {
        assertThat(run(command.split(" ", -1))).as(out).isEqualTo(3);
        assertThat(out).contains("refused: ", because, "what to do: ");
    }

    private void refusesWhatMakesNoSense() {
        refused("there is no disk d9", "inject disk d9 hang");
        refused("'broken' is no fault here", "inject disk disk0 broken");
        refused("'read-errors' is no fault here", "inject link read-errors");
        refused("how late is not said", "inject disk disk0 slow");
        refused("only what is late has a delay", "inject log hang --delay 1s");
        refused("a flush has no range", "inject disk disk0 flush-error --offset 4k");
        refused("does not hold the log", "inject log hang --device /dev/null");
        refused("no link to a peer", "inject link cut --peer nobody");
        refused("there is no point here", "inject crash here");
        refused("nothing can be held up at takeover-fencing", "inject hold takeover-fencing");
        refused("there is no fault 7", "inject clear 7");
        done("inject", "points");
        assertThat(out).contains("log-written", "switchover-promising", "send-go-live");
        done("inject", "list");
        assertThat(out).doesNotContain("disk0");
    }

    private void readErrors(StampedHosts hosts) throws Exception {
        done("inject", "disk", "disk1", "read-error", "--count", "5");
        for (int i = 0; i < 1000 && !fault().spent(); i++) {
            TestPair.awaitWrites(hosts, hosts.counts().acked() + 5);
        }
        assertThat(fault().spent()).as("it has happened: " + fault()).isTrue();
        DiskView disk =
                node.admin().list("/disks", DiskView.class).stream()
                        .filter(view -> view.name().equals("disk1"))
                        .findFirst()
                        .orElseThrow();
        assertThat(disk.readErrors()).isEqualTo(5);
        assertThat(node.admin().list("/events", EventView.class))
                .anyMatch(event -> event.text().startsWith("fault 1 happens: read-error on "));
        done("inject", "clear", "--all");
    }

    private void crash(StampedHosts hosts) throws Exception {
        done("inject", "crash", "cp-superblock", "--skip", "1");
        for (int i = 0; i < 3000 && node.isRunning(); i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(node.isRunning()).as("it has crashed").isFalse();
        StampedHosts.Seen seen = hosts.ended();
        assertThat(seen.wrongReads()).as(seen.wrong()).isZero();
    }
}
