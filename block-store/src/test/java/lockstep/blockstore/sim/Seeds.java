package lockstep.blockstore.sim;

import java.util.stream.LongStream;

/// Which seeds a simulation test runs: as many as its own property says, or the one of `-Dseed=N`,
/// which is how a failing seed is replayed alone.
public final class Seeds {
    private Seeds() {}

    /// The seeds from 0 on: as many as system property `property` says, otherwise `usually`.
    public static LongStream of(String property, int usually) {
        Long only = Long.getLong("seed");
        return only == null
                ? LongStream.range(0, Integer.getInteger(property, usually))
                : LongStream.of(only);
    }
}
