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
            Cannon cannon = new Cannon(port, LoopbackPair.target(), pdus, seed);
            Thread firing = Thread.ofPlatform().name("cannon").start(cannon);
            firing.join();
            long before = hosts.counts().acked();
            while (hosts.counts().acked() < before + 50) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            StampedHosts.Seen seen = hosts.stop();
            Verification.Report report = hosts.verify(LoopbackPair.url(source, 0));
            System.out.println(
                    "cannon: seed " + seed + "; " + cannon.report() + "; " + seen + "; " + report);
            assertThat(report.isClean()).as(report.toString()).isTrue();
            assertThat(seen.failed() + seen.wrongReads()).isZero();
            assertThat(cannon.report().answered()).isGreaterThan(pdus / 10);
        }
        String log = Files.readString(directory.resolve("alpha").resolve("node.log"));
        assertThat(log).doesNotContain("LEAK:").doesNotContain("failure of ours");
    }
}
