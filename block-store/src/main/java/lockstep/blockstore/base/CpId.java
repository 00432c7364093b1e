package lockstep.blockstore.base;

/// Names one consistency point of a volume. Ordered by (epoch, count). `count` also numbers the log
/// half that this consistency point commits, so both sides of a pair agree on it; counts may skip.
public record CpId(Epoch epoch, long count) implements Comparable<CpId> {
    /// Before any consistency point.
    public static final CpId NONE = new CpId(Epoch.NONE, 0);

    public CpId {
        Check.that(count >= 0, "a consistency point count is not negative");
    }

    @Override
    public int compareTo(CpId other) {
        int byEpoch = epoch.compareTo(other.epoch);
        return byEpoch != 0 ? byEpoch : Long.compare(count, other.count);
    }

    @Override
    public String toString() {
        return "cp " + count + " of epoch " + epoch;
    }
}
