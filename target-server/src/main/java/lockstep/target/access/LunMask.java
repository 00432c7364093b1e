package lockstep.target.access;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.function.IntPredicate;

/// Which LUN numbers a host sees: all there are and will be, or those of a list. Immutable.
public final class LunMask implements IntPredicate {
    /// Every LUN, also those made later.
    public static final LunMask ALL = new LunMask(true, new BitSet());

    /// None.
    public static final LunMask NONE = new LunMask(false, new BitSet());

    private final boolean all;
    private final BitSet numbers;

    private LunMask(boolean all, BitSet numbers) {
        this.all = all;
        this.numbers = numbers;
    }

    /// Exactly these numbers.
    public static LunMask of(Collection<Integer> numbers) {
        BitSet set = new BitSet();
        numbers.forEach(set::set);
        return new LunMask(false, set);
    }

    /// Whether it names every LUN.
    public boolean isAll() {
        return all;
    }

    @Override
    public boolean test(int number) {
        return all || (number >= 0 && numbers.get(number));
    }

    /// The same with `number` too.
    public LunMask with(int number) {
        BitSet set = (BitSet) numbers.clone();
        set.set(number);
        return all ? this : new LunMask(false, set);
    }

    /// The same without `number`; one of all LUNs cannot lose one.
    public LunMask without(int number) {
        BitSet set = (BitSet) numbers.clone();
        set.clear(number);
        return all ? this : new LunMask(false, set);
    }

    /// The numbers listed, lowest first; empty for all.
    public List<Integer> numbers() {
        return new ArrayList<>(numbers.stream().boxed().toList());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LunMask mask && all == mask.all && numbers.equals(mask.numbers);
    }

    @Override
    public int hashCode() {
        return numbers.hashCode() + (all ? 1 : 0);
    }

    @Override
    public String toString() {
        return all ? "all" : numbers.toString();
    }
}
