package lockstep.replication.bugs;

import lockstep.blockstore.base.BrokenInvariant;
import lockstep.replication.pair.SeededPair;

import java.util.function.BiFunction;

/// One seed with one bug on (0: none). Lives in the world with the bugs; what it is given and gives
/// are the JDK's types. Gives what was violated (null if nothing was), how many events had
/// happened, how often the bug had been come by.
public final class BugRun implements BiFunction<Integer, Long, Object[]> {
    /// For the other world.
    public BugRun() {}

    @Override
    public Object[] apply(Integer bug, Long seed) {
        SeededPair pair = new SeededPair(seed);
        String violated = null;
        long reached = 0;
        BugSwitch.turn(bug);
        try {
            pair.run();
        } catch (AssertionError | BrokenInvariant violation) {
            violated = String.valueOf(violation.getMessage()).lines().findFirst().orElse("");
        } finally {
            reached = BugSwitch.reached();
            BugSwitch.turn(0);
        }
        return new Object[] {violated, pair.events(), reached};
    }
}
