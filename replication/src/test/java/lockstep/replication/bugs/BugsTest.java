package lockstep.replication.bugs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.BiFunction;

/// Every bug of [Bugs] is caught by its seed, and the same seed without the bug is right, so what
/// caught it was the bug. One bug alone: `-Dbugs.only=NAME`.
///
/// What a seed does changes with the product. Where the seed that stands beside a bug does not
/// catch it any more, others are tried, and the one that does is printed, to be put in its place.
/// With `-Dbugs.search=N` the first of `N` is looked for anew for every bug.
final class BugsTest {
    private static final int SEARCHED = Integer.getInteger("bugs.search", 0);
    private static final int TRIED = 300;
    private static final String ONLY = System.getProperty("bugs.only", "");

    private final List<Bug> bugs = Bugs.all();
    private final BiFunction<Integer, Long, Object[]> world = new BugWorld(bugs).runner();
    private final List<String> uncaught = new ArrayList<>();
    private final TreeSet<Long> seeds = new TreeSet<>();

    @Test
    void everyBugIsCaught() {
        for (int i = 0; i < bugs.size(); i++) {
            Bug bug = bugs.get(i);
            if (ONLY.isEmpty() || ONLY.equals(bug.name())) {
                caught(i + 1, bug);
            }
        }
        for (long seed : seeds) {
            Object[] ended = world.apply(0, seed);
            assertThat(ended[0]).as("seed %d without a bug", seed).isNull();
        }
        System.out.printf("bugs: %d, by %d seeds%n", bugs.size(), seeds.size());
        assertThat(uncaught).isEmpty();
        assertThat(bugs.stream().map(Bug::name).distinct().count()).isGreaterThanOrEqualTo(20);
    }

    private void caught(int number, Bug bug) {
        if (SEARCHED == 0 && isCaught(number, bug, bug.seed())) {
            return;
        }
        int last = SEARCHED > 0 ? SEARCHED : TRIED;
        for (long seed = 1; seed <= last; seed++) {
            if (isCaught(number, bug, seed)) {
                if (seed != bug.seed()) {
                    System.out.printf("bug %s: its seed is %d now%n", bug.name(), seed);
                }
                return;
            }
        }
        uncaught.add(bug.name() + ", " + bug.what());
    }

    private boolean isCaught(int number, Bug bug, long seed) {
        Object[] ended = world.apply(number, seed);
        boolean caught = ended[0] != null;
        if (caught) {
            assertThat((long) ended[2]).as("%s is come by", bug.name()).isPositive();
            System.out.printf(
                    "bug caught: %s, seed %d, after %d events: %s%n",
                    bug.name(), seed, (long) ended[1], ended[0]);
            seeds.add(seed);
        }
        return caught;
    }
}
