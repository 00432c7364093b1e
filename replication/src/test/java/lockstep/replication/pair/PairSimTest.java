package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import lockstep.blockstore.base.BrokenInvariant;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Invariants 1 to 5 over many seeds of [PairSimulation]; and canaries, which leave a flush out and
/// have to be caught. One seed alone: `-Dseed=N`.
final class PairSimTest {
    private static final int SEEDS = Integer.getInteger("pair.seeds", 500);
    private static final int THREADS = Runtime.getRuntime().availableProcessors();
    private static final int CANARY_SEEDS = 200;
    private static final int SCRUBBED_ONE_IN = Integer.getInteger("pair.scrubbed-one-in", 4);
    private static final int GROWN_ONE_IN = 5;
    private static final int ROUNDS = Integer.getInteger("pair.rounds", 3);

    private final Totals totals = new Totals();

    @Test
    void aPairLosesNothingWhateverCrashes() throws InterruptedException {
        Long only = Long.getLong("seed");
        long first = only == null ? 1 : only;
        long last = only == null ? SEEDS : only;
        List<Throwable> violations = Collections.synchronizedList(new ArrayList<>());
        AtomicLong next = new AtomicLong(first);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            threads.add(Thread.ofPlatform().start(() -> runSeeds(next, last, violations)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.printf(
                "pair: %d seeds, %s, %d violations%n", last - first + 1, totals, violations.size());
        assertThat(violations).isEmpty();
        assertThat(totals.images).isPositive();
        assertThat(totals.acknowledged).isPositive();
        assertThat(totals.locks).isPositive();
        assertThat(totals.moved > 0 || last - first < 20).isTrue();
        assertThat(totals.growths > 0 || last - first < 10 * GROWN_ONE_IN).isTrue();
        assertThat(totals.scrubs > 0 || last - first < SCRUBBED_ONE_IN).isTrue();
    }

    /// Seeds share nothing, so each thread simply takes the next.
    private void runSeeds(AtomicLong next, long last, List<Throwable> violations) {
        long seed = next.getAndIncrement();
        while (seed <= last && violations.isEmpty()) {
            try {
                PairSimulation pair = new PairSimulation(seed, seed % SCRUBBED_ONE_IN == 0);
                pair.grows = seed % GROWN_ONE_IN == 0;
                pair.run(ROUNDS);
                totals.add(pair);
            } catch (AssertionError | RuntimeException violation) {
                violations.add(new AssertionError("replay with -Dseed=" + seed, violation));
            }
            seed = next.getAndIncrement();
        }
    }

    private static final class Totals {
        long images;
        long takeovers;
        long detaches;
        long crashes;
        long acknowledged;
        long locks;
        long scrubs;
        long differences;
        long everything;
        long interruptions;
        long growths;
        long repeats;
        long repeatsInVain;
        long moves;
        long moved;
        long alone;
        long spent;
        long longestPauseNanos;

        synchronized void add(PairSimulation pair) {
            images += pair.imagesChecked;
            takeovers += pair.takeovers;
            detaches += pair.detaches;
            crashes += pair.crashes;
            acknowledged += pair.history.acknowledgedSectors;
            differences += pair.resync.differences;
            everything += pair.resync.everything;
            interruptions += pair.resync.interruptions;
            locks += pair.locks.taken;
            growths += pair.growth.grown;
            scrubs += pair.a.scrubPasses + pair.b.scrubPasses;
            repeats += pair.locks.repeated;
            repeatsInVain += pair.locks.repeatedInVain;
            moves += pair.moves.begun;
            moved += pair.moves.ended;
            alone += pair.policies.alone;
            spent += pair.policies.spent;
            longestPauseNanos = Math.max(longestPauseNanos, pair.moves.longestPauseNanos);
        }

        @Override
        public synchronized String toString() {
            String done =
                    "%d crashes, %d takeovers, %d detaches, %d images, %d sectors acknowledged"
                            .formatted(crashes, takeovers, detaches, images, acknowledged);
            String held =
                    "%d locks taken, %d by a repeat, %d repeated in vain"
                            .formatted(locks, repeats, repeatsInVain);
            String resyncs =
                    "%d resyncs by difference, %d of everything, %d interrupted"
                            .formatted(differences, everything, interruptions);
            String gone =
                    "%d of %d switchovers ended, the longest pause %d ms"
                            .formatted(moved, moves, longestPauseNanos / 1_000_000);
            String apart = "%d alone by policy, %d spent".formatted(alone, spent);
            String grown = growths + " growths";
            return String.join(", ", done, held, gone, apart, scrubs + " scrubs", grown, resyncs);
        }
    }

    @Test
    void aLogThatIsNotFlushedIsCaught() {
        caught(pair -> pair.a.log.faults().ignoreFlushes());
    }

    @Test
    void aMirrorLogThatIsNotFlushedIsCaught() {
        caught(pair -> pair.b.log.faults().ignoreFlushes());
    }

    @Test
    void aSuperblockWithoutAFlushBeforeItIsCaught() {
        caught(pair -> pair.a.disks.forEach(disk -> disk.faults().ignoreFlushes()));
    }

    /// Runs seeds with a lie until one violates an invariant; fails if none of them does.
    private static void caught(Consumer<PairSimulation> lie) {
        for (long seed = 1; seed <= CANARY_SEEDS; seed++) {
            PairSimulation pair = new PairSimulation(seed);
            pair.afterSetUp = () -> lie.accept(pair);
            try {
                pair.run(ROUNDS);
            } catch (AssertionError | BrokenInvariant violation) {
                System.out.println("canary caught: " + violation.getMessage().lines().findFirst());
                return;
            }
        }
        fail("a lie about a flush went unnoticed in " + CANARY_SEEDS + " seeds");
    }
}
