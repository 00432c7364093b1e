package lockstep.blockstore.crash;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Arrays;
import java.util.List;

/// Invariants 1, 2, 3, 8 and 9 by enumeration: a volume is restarted from every state that a power
/// cut or a kill could have left of recorded runs (rows P1, P2, L2 and L6 of the fault model, D6
/// and D14, and D15 with a disk missing). A state that is wrong is made again by the line that it
/// prints.
@NullUnmarked
final class CrashStateTest {
    /// States of one recording at most, so that many recordings have their turn.
    private static final long OF_ONE_RECORDING = 700;

    /// A growth takes many states: of these each so many-th, so that its end has its turn too.
    private static final int OF_A_GROWTH = 7;

    @Test
    void everyCrashStateIsRight() {
        String replay = System.getProperty("crash.replay");
        if (replay != null) {
            List<Integer> ids = Arrays.stream(replay.split(":")).map(Integer::valueOf).toList();
            Recording again = Recording.make(ids.getFirst(), _ -> {});
            CrashCheck.one(again, ids.subList(1, ids.size())).run();
            return;
        }
        long wanted = Long.getLong("crash.states", 20_000);
        long checked = 0;
        long second = 0;
        long lost = 0;
        long grown = 0;
        long seed = Long.getLong("crash.first", 0);
        long begin = seed;
        while (checked < wanted) {
            long most = Math.min(OF_ONE_RECORDING, wanted - checked);
            Recording made = Recording.make(seed++, _ -> {});
            CrashCheck check = CrashCheck.of(made, most, made.grows ? OF_A_GROWTH : 1);
            check.run();
            checked += check.checked();
            second += check.secondCrashes();
            lost += check.lostDisks();
            grown += check.grown();
        }
        System.out.printf(
                "crash states: %d of %d runs, %d crashed again, %d lost a disk later, %d grown%n",
                checked, seed - begin, second, lost, grown);
        assertThat(checked).isGreaterThanOrEqualTo(wanted);
        assertThat(second).isPositive();
        assertThat(lost).isPositive();
        assertThat(grown).isPositive();
    }

    /// The same while space that nothing uses is given back below: whatever of a hole has reached
    /// which disk, its stripes are made right.
    @Test
    void everyCrashStateIsRightWhileHolesAreMade() {
        String replay = System.getProperty("crash.holes.replay");
        if (replay != null) {
            List<Integer> ids = Arrays.stream(replay.split(":")).map(Integer::valueOf).toList();
            Recording again = Recording.makeHoles(ids.getFirst());
            CrashCheck.one(again, ids.subList(1, ids.size())).run();
            return;
        }
        long wanted = Long.getLong("crash.states", 20_000) / 80;
        long checked = 0;
        long runs = 0;
        long without = 0;
        for (long seed = Long.getLong("crash.first", 0); checked < wanted; seed++) {
            Recording made = Recording.makeHoles(seed);
            runs++;
            without += made.gaveBack() ? 0 : 1;
            CrashCheck check = CrashCheck.of(made, wanted / 2, 11);
            check.run();
            assertThat(check.checked()).isPositive();
            checked += check.checked();
        }
        System.out.printf("crash states with holes: %d of %d runs%n", checked, runs - without);
        assertThat(2 * without).isLessThanOrEqualTo(runs);
    }

    /// Mistakes that must be found.
    enum Mistake {
        NO_FLUSH,
        EARLY_REUSE,
        EARLY_RELEASE;

        void make(VolumeNode node) {
            switch (this) {
                case NO_FLUSH -> Canaries.noFlushBeforeTheSuperblock(node);
                case EARLY_REUSE -> Canaries.freedBlocksAreUsedAtOnce(node);
                case EARLY_RELEASE -> Canaries.logReleasedBeforeTheCommit(node);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void mistakesAreFound(Mistake mistake) {
        long checked = 0;
        String found = null;
        for (long seed = 0; found == null && seed < 40; seed++) {
            CrashCheck check = null;
            try {
                check = CrashCheck.of(Recording.make(seed, mistake::make), 150, 13);
                check.run();
            } catch (AssertionError e) {
                found = e.getMessage();
            }
            checked += check == null ? 0 : check.checked();
        }
        System.out.printf("%s: found after %d states: %s%n", mistake, checked, found);
        assertThat(found).startsWith("-Dcrash.replay=");
    }
}
