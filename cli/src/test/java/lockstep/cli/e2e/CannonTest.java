package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.verify.Verification;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Malformed PDUs by the thousand from one initiator while another works.
final class CannonTest {
    private static final int SECTORS = 8 * 2048;

    @TempDir Path directory;

    /// Invariant 10: the other sees no error and no wrong byte, and the node keeps nothing.
    @Test
    void malformedPdusDisturbNobody() throws Exception {
        long pdus = Long.getLong("cannon.pdus", 10_000);
        long seed = Long.getLong("seed", System.nanoTime());
        try (LoopbackPair pair = TestPair.started(directory, 48, 8, TestPair.steady(64, 8, 16));
                StampedHosts hosts = new StampedHosts(SECTORS, 2, 4, 3)) {
            ChildNode source = pair.first();
            pair.createLun(1, "aim", TestPair.MEBIBYTE);
            hosts.start(LoopbackPair.url(source, 0));
            int port = source.plan().iscsiPort();
            Cannon.Report fired = fire(port, pdus, seed);
            long before = hosts.counts().acked();
            while (hosts.counts().acked() < before + 50) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            StampedHosts.Seen seen = hosts.stop();
            Verification.Report report = hosts.verify(LoopbackPair.url(source, 0));
            System.out.println("cannon: seed " + seed + "; " + fired + "; " + seen + "; " + report);
            assertThat(report.isClean()).as(report.toString()).isTrue();
            assertThat(seen.failed() + seen.wrongReads()).isZero();
            assertThat(fired.answered()).isGreaterThan(pdus / 10);
        }
        String log = Files.readString(directory.resolve("alpha").resolve("node.log"));
        assertThat(log).doesNotContain("LEAK:").doesNotContain("failure of ours");
    }

    /// Some cannons at once: a connection that floods is closed, and coming again takes its time.
    private static Cannon.Report fire(int port, long pdus, long seed) throws InterruptedException {
        int cannons = Integer.getInteger("cannon.count", 4);
        List<Cannon> all = new ArrayList<>();
        List<Thread> firing = new ArrayList<>();
        for (int i = 0; i < cannons; i++) {
            long share = (pdus + cannons - 1) / cannons;
            Cannon cannon = new Cannon(port, LoopbackPair.target(), share, seed + i);
            all.add(cannon);
            firing.add(Thread.ofPlatform().name("cannon-" + i).start(cannon));
        }
        Cannon.Report sum = new Cannon.Report(0, 0, 0);
        for (int i = 0; i < cannons; i++) {
            firing.get(i).join();
            sum = sum.and(all.get(i).report());
        }
        return sum;
    }
}
