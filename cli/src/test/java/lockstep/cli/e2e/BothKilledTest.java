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

/// Both nodes die under load at about the same moment, in either order, and are started again.
final class BothKilledTest {
    private static final int SECTORS = 24 * 2048;

    @TempDir Path directory;

    /// Invariant 1: nobody's word is needed, as both copies are there again.
    @Test
    void nothingAcknowledgedIsLostWhenBothNodesAreKilled() throws Exception {
        int rounds = Integer.getInteger("both.rounds", 5);
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("both killed: seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        try (LoopbackPair pair = TestPair.started(directory, 96, 24, TestPair.settings(64, 8));
                StampedHosts hosts = new StampedHosts(SECTORS, 3, 8, seed)) {
            for (int round = 1; round <= rounds; round++) {
                ChildNode source = pair.awaitInSync(TestPair.PATIENCE);
                long ackedBefore = hosts.counts().acked();
                hosts.start(LoopbackPair.url(source, 0));
                TestPair.awaitWrites(hosts, ackedBefore + 1);
                TimeUnit.MILLISECONDS.sleep(random.nextInt(150, 900));
                killBoth(pair, random);
                StampedHosts.Seen seen = hosts.ended();
                pair.start();
                ChildNode now = pair.awaitInSync(TestPair.PATIENCE);
                Verification.Report report = hosts.verify(LoopbackPair.url(now, 0));
                System.out.printf(
                        "both killed, round %d: %d writes acknowledged; %s%n",
                        round, seen.writes(), report);
                assertThat(report.isClean()).as(report.toString()).isTrue();
                assertThat(seen.wrongReads()).as(seen.wrong()).isZero();
            }
        }
        assertThat(rounds).isPositive();
    }

    private static void killBoth(LoopbackPair pair, SplittableRandom random) throws Exception {
        boolean firstFirst = random.nextBoolean();
        ChildNode one = firstFirst ? pair.first() : pair.second();
        one.kill();
        TimeUnit.MILLISECONDS.sleep(random.nextInt(0, 40));
        pair.other(one).kill();
    }
}
