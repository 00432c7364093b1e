package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.client.Refused;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.verify.History;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// Several hosts read and write the same few sectors over both nodes, without a pause, while the
/// source is killed and replaced, comes back as the mirror, and gets the volume back:
/// `-Dlinear.operations=1000000 -Dlinear.moves=16`.
final class LinearizabilityTest {
    private static final int SECTORS = 1024;

    /// What may happen to a pair in sync, in turn.
    private enum Move {
        SOURCE_KILLED,
        SWITCHOVER,
        MIRROR_KILLED
    }

    @TempDir Path directory;

    /// Invariants 1, 2 and 5: one order of all operations explains every answer.
    @Test
    void oneOrderExplainsWhatAllHostsSaw() throws Exception {
        long operations = Long.getLong("linear.operations", 8_000);
        int moves = Integer.getInteger("linear.moves", 2);
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("linearizability: seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        var load = new SteadyHosts.Load(3, 8, SECTORS, 8, 50, seed);
        try (LoopbackPair pair = TestPair.started(directory, 96, 24, TestPair.settings(64, 8));
                SteadyHosts hosts = new SteadyHosts(pair, load)) {
            hosts.start();
            for (int i = 0; i < moves; i++) {
                long share = operations * (i + 1) / (moves + 1);
                awaitOperations(hosts, share - random.nextLong(operations / (2 * moves + 2)));
                move(pair, hosts, Move.values()[i % Move.values().length]);
            }
            awaitOperations(hosts, operations);
            hosts.stop();
            hosts.readAll(pair.awaitInSync(TestPair.PATIENCE));
            judge(hosts, moves);
        }
    }

    private static void move(LoopbackPair pair, SteadyHosts hosts, Move move) throws Exception {
        ChildNode source = pair.awaitInSync(TestPair.PATIENCE);
        ChildNode mirror = pair.other(source);
        long before = System.nanoTime();
        switch (move) {
            case SOURCE_KILLED -> {
                source.kill();
                hosts.expect(mirror);
                pair.takeOver(mirror);
                hosts.awaitWrites(100);
                source.start();
            }
            case SWITCHOVER -> switchOver(pair, hosts, source);
            case MIRROR_KILLED -> {
                mirror.kill();
                mirror.start();
            }
        }
        hosts.awaitWrites(100);
        ChildNode now = pair.awaitInSync(TestPair.PATIENCE);
        assertThat(now).isSameAs(move == Move.MIRROR_KILLED ? source : mirror);
        System.out.printf(
                "linearizability: %s, in sync after %.1f s, source is %s; %s%n",
                move,
                (System.nanoTime() - before) / 1e9,
                now.plan().name(),
                hosts.history().counts());
    }

    // What is refused, because a busy machine has lost the link for a moment, is asked again.
    private static void switchOver(LoopbackPair pair, SteadyHosts hosts, ChildNode source)
            throws Exception {
        for (int i = 0; i < 5 && pair.awaitInSync(TestPair.PATIENCE).equals(source); i++) {
            hosts.expect(pair.other(source));
            try {
                pair.switchOver(source);
            } catch (Refused refused) {
                System.out.println("switchover: " + refused.getMessage());
            }
        }
    }

    private static void awaitOperations(SteadyHosts hosts, long operations) throws Exception {
        while (hosts.history().counts().operations() < operations) {
            long before = hosts.history().counts().operations();
            hosts.awaitWrites(1);
            TimeUnit.MILLISECONDS.sleep(20);
            assertThat(hosts.history().counts().operations()).isGreaterThan(before);
        }
    }

    private static void judge(SteadyHosts hosts, int moves) {
        History.Counts counts = hosts.history().counts();
        SteadyHosts.Seen seen = hosts.seen();
        assertThat(seen.wrongReads()).as(seen.wrong()).isZero();
        assertThat(hosts.history().violations()).isEmpty();
        assertThat(hosts.ownership().violations()).isEmpty();
        System.out.printf(
                "linearizability: %d operations on %d sectors through %d moves: %d writes"
                        + " acknowledged, %d of unknown end, %d reads, %d refused, %d sessions%n",
                counts.operations(),
                hosts.history().sectors(),
                moves,
                counts.acked(),
                counts.unknown(),
                counts.reads(),
                seen.refused(),
                seen.sessions());
        assertThat(counts.acked()).isPositive();
    }
}
