package lockstep.replication.pair;

import java.util.ArrayList;
import java.util.List;

/// One seed of the pair as the tests run it. What goes on beside the load follows from the seed: of
/// some both copies are scrubbed all the time, of some they give back what they do not use, in some
/// disks join.
public final class SeededPair {
    static final int SCRUBBED_ONE_IN = Integer.getInteger("pair.scrubbed-one-in", 8);
    static final int GROWN_ONE_IN = 10;
    static final int HOLED_ONE_IN = 3;
    private static final int ROUNDS = Integer.getInteger("pair.rounds", 2);

    final PairSimulation pair;
    private final List<PairHoles> holes = new ArrayList<>();

    /// The pair of `seed`, before anything has happened.
    public SeededPair(long seed) {
        pair = new PairSimulation(seed);
        pair.grows = seed % GROWN_ONE_IN == 0;
        for (SimNode node : List.of(pair.a, pair.b)) {
            if (seed % SCRUBBED_ONE_IN == 0) {
                node.helpers.add(space -> new PairScrub(node, space).begin());
            }
            if (seed % HOLED_ONE_IN == 0) {
                node.helpers.add(space -> holes.add(new PairHoles(node, space)));
            }
        }
    }

    /// Runs all of it; throws at the first violation.
    public void run() {
        pair.run(ROUNDS);
    }

    /// Events that have happened.
    public long events() {
        return pair.simulation.eventsRun();
    }

    /// Bytes that both nodes have given back.
    long givenBack() {
        return holes.stream().mapToLong(PairHoles::givenBack).sum();
    }
}
