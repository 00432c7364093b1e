package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// Things with consecutive sequence numbers, joined at the end and removed at both: a deque that
/// finds each by its number with one look. Belongs to one loop.
final class SequenceRing<T> {
    private static final int SMALLEST = 1024;

    private @Nullable Object[] slots = new @Nullable Object[SMALLEST];
    private long first;
    private int size;

    /// Empty, and the next one to join has number `first`.
    SequenceRing(long first) {
        this.first = first;
    }

    /// The number of the oldest, or of the next to join if there is none.
    long first() {
        return first;
    }

    /// The number of the next to join.
    long next() {
        return first + size;
    }

    /// Joins `added` as number [#next].
    void add(T added) {
        if (size == slots.length) {
            grow();
        }
        slots[slot(next())] = added;
        size++;
    }

    /// What has this number; null if nothing has.
    @SuppressWarnings("unchecked")
    @Nullable T get(long sequence) {
        boolean held = sequence >= first && sequence < next();
        return held ? (T) slots[slot(sequence)] : null;
    }

    /// Takes the oldest away; null if there is none.
    @Nullable T removeFirst() {
        T oldest = get(first);
        if (oldest != null) {
            slots[slot(first)] = null;
            first++;
            size--;
        }
        return oldest;
    }

    /// Forgets all from `sequence` on, which is not below [#first]; it is the next to join.
    void cutFrom(long sequence) {
        Check.that(sequence >= first && sequence <= next(), "a cut is inside", sequence, first);
        while (next() > sequence) {
            size--;
            slots[slot(next())] = null;
        }
    }

    /// Forgets everything; `first` is the next to join.
    void restartAt(long first) {
        slots = new @Nullable Object[SMALLEST];
        this.first = first;
        size = 0;
    }

    /// Shows everything, oldest first.
    void forEach(Consumer<? super T> each) {
        for (long sequence = first; sequence < next(); sequence++) {
            T held = get(sequence);
            Check.that(held != null, "numbers are consecutive");
            each.accept(held);
        }
    }

    private int slot(long sequence) {
        return (int) sequence & (slots.length - 1);
    }

    private void grow() {
        @Nullable Object[] before = slots;
        slots = new @Nullable Object[2 * before.length];
        for (long sequence = first; sequence < next(); sequence++) {
            slots[slot(sequence)] = before[(int) sequence & (before.length - 1)];
        }
    }
}
