package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.function.Consumer;
import lockstep.blockstore.base.BrokenInvariant;
import org.junit.jupiter.api.Test;

/// Invariants 1 to 5 over many seeds of [PairSimulation]; and canaries, which leave a flush out and have to
/// be caught. One seed alone: `-Dseed=N`.
final class PairSimTest {
    private static final int SEEDS = Integer.getInteger("pair.seeds", 500);
    private static final int CANARY_SEEDS = 200;
    private static final int ROUNDS = Integer.getInteger("pair.rounds", 4);

    @Test
    void aPairLosesNothingWhateverCrashes() {
        Long only = Long.getLong("seed");
        long images = 0;
        long takeovers = 0;
        long crashes = 0;
        long acknowledged = 0;
        long first = only == null ? 1 : only;
        long last = only == null ? SEEDS : only;
        for (long seed = first; seed <= last; seed++) {
            PairSimulation pair = new PairSimulation(seed);
            pair.run(ROUNDS);
            images += pair.imagesChecked;
            takeovers += pair.takeovers;
            crashes += pair.crashes;
            acknowledged += pair.history.acknowledgedSectors;
        }
        System.out.printf(
                "pair: %d seeds, %d crashes, %d takeovers, %d images checked, %d sectors"
                        + " acknowledged, 0 violations%n",
                last - first + 1, crashes, takeovers, images, acknowledged);
        assertThat(images).isPositive();
        assertThat(acknowledged).isPositive();
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
