package lockstep.blockstore.base;

/// Opened each time a volume becomes active somewhere; fences whoever holds an older one (invariant
/// 5). `counter` only grows within a volume; `node` says who opened it. Two epochs with the same
/// counter and different nodes mean divergence: they compare unequal and [#diverges] tells.
public record Epoch(int counter, long node) implements Comparable<Epoch> {
    /// Before any epoch was opened.
    public static final Epoch NONE = new Epoch(0, 0);

    public Epoch {
        Check.that(counter >= 0, "an epoch counter is not negative");
    }

    /// The epoch that `opener` opens after this one.
    public Epoch next(long opener) {
        return new Epoch(Math.addExact(counter, 1), opener);
    }

    /// Whether both claim the same turn for different nodes.
    public boolean diverges(Epoch other) {
        return counter == other.counter && node != other.node;
    }

    @Override
    public int compareTo(Epoch other) {
        int byCounter = Integer.compare(counter, other.counter);
        return byCounter != 0 ? byCounter : Long.compare(node, other.node);
    }

    @Override
    public String toString() {
        return counter + "@" + Long.toHexString(node);
    }
}
