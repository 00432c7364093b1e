package lockstep.replication.bugs;

import java.util.List;

/// A bug: its name, what it is, a seed of [lockstep.replication.pair.SeededPair] that catches it,
/// and what is changed in the product for it.
record Bug(String name, String what, long seed, List<Edit> edits) {
    static Bug of(String name, String what, long seed, Edit... edits) {
        return new Bug(name, what, seed, List.of(edits));
    }
}
