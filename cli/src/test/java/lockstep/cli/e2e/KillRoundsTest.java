package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.verify.Verification;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// The source dies under load, again and again, and its partner takes over.
final class KillRoundsTest {
    private static final int SECTORS = 24 * 2048;

    @TempDir Path directory;

    /// Invariants 1, 2 and 6 with real processes.
    @Test
    void nothingAcknowledgedIsLostWhenTheSourceIsKilled() throws Exception {
        int rounds = Integer.getInteger("rounds", 10);
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("kill rounds: seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        try (LoopbackPair pair = TestPair.started(directory, 96, 24, TestPair.settings(64, 8));
                StampedHosts hosts = new StampedHosts(SECTORS, 3, 8, seed)) {
            for (int round = 1; round <= rounds; round++) {
                round(pair, hosts, round, random.nextInt(150, 900));
            }
        }
    }

    private static void round(LoopbackPair pair, StampedHosts hosts, int round, int loadMillis)
            throws Exception {
        ChildNode source = pair.awaitInSync(TestPair.PATIENCE);
        ChildNode mirror = pair.other(source);
        long ackedBefore = hosts.counts().acked();
        hosts.start(LoopbackPair.url(source, 0));
        TestPair.awaitWrites(hosts, ackedBefore + 1);
        TimeUnit.MILLISECONDS.sleep(loadMillis);
        source.kill();
        StampedHosts.Seen seen = hosts.ended();
        pair.takeOver(mirror);
        Verification.Report report = hosts.verify(LoopbackPair.url(mirror, 0));
        System.out.printf(
                "kill round %d: %s killed after %d ms, %d writes acknowledged (%d refused);"
                        + " on %s %s%n",
                round,
                source.plan().name(),
                loadMillis,
                seen.writes(),
                seen.refused(),
                mirror.plan().name(),
                report);
        assertThat(report.isClean()).as(report.toString()).isTrue();
        assertThat(seen.wrongReads()).as(seen.wrong()).isZero();
        source.start();
        assertThat(pair.awaitInSync(TestPair.PATIENCE)).isSameAs(mirror);
    }
}
