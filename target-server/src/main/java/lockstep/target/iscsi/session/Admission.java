package lockstep.target.iscsi.session;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;

/// Bounds the memory of a session. Transfers up to a first burst are bounded by the command window;
/// longer ones share a budget and wait for it in order. Whatever reads also waits while the channel
/// is not writable, so a host that does not take its data stops its own reads only.
final class Admission {
    private record Waiting(int cost, boolean reads, Runnable start) {}

    private final int free;
    private final int budget;
    private final BooleanSupplier writable;
    private final Deque<Waiting> queue = new ArrayDeque<>();
    private int used;
    private boolean pumping;

    /// Transfers of at most `free` bytes need no budget; `budget` is shared by the others.
    Admission(int free, int budget, BooleanSupplier writable) {
        this.free = free;
        this.budget = budget;
        this.writable = writable;
    }

    /// Runs `start` when there is room for `bytes`, now if possible. Each admission is ended by
    /// [#release] with the same number.
    void admit(int bytes, boolean reads, Runnable start) {
        queue.add(new Waiting(bytes > free ? bytes : 0, reads, start));
        pump();
    }

    /// Gives the room of an admitted transfer back.
    void release(int bytes) {
        if (bytes > free) {
            used -= bytes;
        }
        pump();
    }

    /// Starts what can start. One longer than the whole budget runs alone.
    void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            while (!queue.isEmpty() && fits(queue.peek())) {
                Waiting head = queue.remove();
                used += head.cost;
                head.start.run();
            }
        } finally {
            pumping = false;
        }
    }

    private boolean fits(Waiting head) {
        boolean room = head.cost == 0 || used == 0 || used + head.cost <= budget;
        return room && (!head.reads || writable.getAsBoolean());
    }
}
