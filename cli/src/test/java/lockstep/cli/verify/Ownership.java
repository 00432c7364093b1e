package lockstep.cli.verify;

import java.util.ArrayList;
import java.util.List;

/// Whether two nodes acknowledged writes of one volume in overlapping time, judged by what hosts
/// saw. The volume changes hands only when an operator says so, and a node's time begins no earlier
/// than that word and ends no later than the first acknowledgement of the next node. An
/// acknowledged write was certainly taken within its own time, from invocation to response; if that
/// touches no time of the node that answered, two nodes were active at once.
public final class Ownership {
    private final List<Turn> turns = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private long acknowledged;

    private static final class Turn {
        final String node;
        final long from;
        long firstResponse = Long.MAX_VALUE;

        Turn(String node, long from) {
            this.node = node;
            this.from = from;
        }
    }

    /// `first` owns the volume from before all time.
    public Ownership(String first) {
        turns.add(new Turn(first, 0));
    }

    /// At `now` an operator is about to ask that `node` owns it; that may fail.
    public synchronized void asked(String node, long now) {
        turns.add(new Turn(node, now));
    }

    /// `node` has acknowledged a write that was under way from `invoked` to `responded`.
    public synchronized void acknowledged(String node, long invoked, long responded) {
        acknowledged++;
        boolean legal = false;
        for (int i = 0; i < turns.size(); i++) {
            Turn turn = turns.get(i);
            if (turn.node.equals(node) && turn.from < responded) {
                legal |= invoked < end(i);
                // Began after the word: it can belong to no earlier turn, or that was no end of it.
                if (invoked > turn.from) {
                    turn.firstResponse = Math.min(turn.firstResponse, responded);
                }
            }
        }
        if (!legal) {
            violations.add(
                    "%s acknowledged a write of %d..%d after another node had"
                            .formatted(node, invoked, responded));
        }
    }

    private long end(int index) {
        long end = Long.MAX_VALUE;
        for (Turn later : turns.subList(index + 1, turns.size())) {
            if (!later.node.equals(turns.get(index).node)) {
                end = Math.min(end, later.firstResponse);
            }
        }
        return end;
    }

    /// How many acknowledgements were judged.
    public synchronized long acknowledgements() {
        return acknowledged;
    }

    /// What two nodes did at once. Empty: there was one owner at a time.
    public synchronized List<String> violations() {
        return List.copyOf(violations);
    }
}
