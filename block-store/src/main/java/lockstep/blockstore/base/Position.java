package lockstep.blockstore.base;

/// A place in a volume's log: (epoch, sequence). The sequence runs on across epochs, but two
/// entries with the same sequence from different epochs are different entries, so a bare sequence
/// is never compared.
public record Position(Epoch epoch, long sequence) implements Comparable<Position> {
    /// Before the first entry.
    public static final Position NONE = new Position(Epoch.NONE, 0);

    public Position {
        Check.that(sequence >= 0, "a log sequence is not negative");
    }

    @Override
    public int compareTo(Position other) {
        int byEpoch = epoch.compareTo(other.epoch);
        return byEpoch != 0 ? byEpoch : Long.compare(sequence, other.sequence);
    }

    @Override
    public String toString() {
        return "(" + epoch + ", " + sequence + ")";
    }
}
