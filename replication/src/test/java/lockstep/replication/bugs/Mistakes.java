package lockstep.replication.bugs;

import lockstep.blockstore.base.Position;
import lockstep.blockstore.io.IoCompletion;

import java.util.NavigableMap;
import java.util.SortedMap;

/// What bugs do instead of what the product does.
public final class Mistakes {
    private Mistakes() {}

    /// Compares by sequence alone.
    public static int bySequence(Position one, Position other) {
        return Long.compare(one.sequence(), other.sequence());
    }

    /// The local leg is enough.
    public static long first(long local, long mirror) {
        return local;
    }

    /// The mirror's leg is enough.
    public static long second(long local, long mirror) {
        return mirror;
    }

    /// Nothing is flushed.
    public static void noFlush(Object group, IoCompletion done) {
        done.ended(null);
    }

    /// One half more than may go.
    public static SortedMap<?, ?> oneHalfMore(
            NavigableMap<Long, ?> halves, Object upTo, boolean inclusive) {
        return halves.headMap((Long) upTo + 1, inclusive);
    }

    /// Nothing is noted.
    public static void notNoted(
            Object notes, Object cp, Object ranges, Object rescued, IoCompletion done) {
        done.ended(null);
    }
}
