package lockstep.blockstore.crash;

import lockstep.blockstore.base.Outcome;

import java.util.ArrayList;
import java.util.List;

/// What a volume must contain. Operations are numbered from 1 in the order in which they were asked
/// for, which is the order in which the log takes them; state `n` is the volume after the first
/// `n`. After a crash the volume is in one of the states from the last acknowledged operation to
/// the last that was asked for: every acknowledged sector is there, and what was not acknowledged
/// is there as a whole or not at all, with everything before it.
final class Twin {
    private final List<Op> ops = new ArrayList<>();
    private final List<Boolean> refused = new ArrayList<>();
    private final List<VolumeState> states = new ArrayList<>(List.of(VolumeState.EMPTY));
    private int forgotten;
    private int acknowledged;

    /// An operation is asked for; its number.
    int begin(Op op) {
        ops.add(op);
        refused.add(false);
        states.add(op.apply(states.getLast()));
        return submitted();
    }

    /// Operation `number` ended. What was refused never had an effect.
    void ended(int number, Outcome outcome) {
        switch (outcome) {
            case Outcome.Done _ -> acknowledged = Math.max(acknowledged, number);
            case Outcome.Aborted _ -> {}
            case Outcome.NoSpace _,
                    Outcome.OutOfRange _,
                    Outcome.NotServing _,
                    Outcome.Busy _,
                    Outcome.WriteProtected _,
                    Outcome.Refused _,
                    Outcome.MediumError _ ->
                    refuse(number);
            case Outcome.Miscompare _ -> throw new AssertionError(op(number) + ": " + outcome);
        }
    }

    private void refuse(int number) {
        refused.set(number - forgotten - 1, true);
        for (int n = number; n <= submitted(); n++) {
            VolumeState before = state(n - 1);
            int at = n - forgotten;
            states.set(at, refused.get(at - 1) ? before : ops.get(at - 1).apply(before));
        }
    }

    /// Operation `number`.
    Op op(int number) {
        return ops.get(number - forgotten - 1);
    }

    /// The last operation that was asked for.
    int submitted() {
        return forgotten + ops.size();
    }

    /// Everything up to this operation has been answered.
    int acknowledged() {
        return acknowledged;
    }

    /// The volume after `number` operations.
    VolumeState state(int number) {
        return states.get(number - forgotten);
    }

    /// The volume if everything under way ends well.
    VolumeState newest() {
        return states.getLast();
    }

    /// The first number from `from` to `to` whose state is `found`, or -1.
    int match(VolumeState found, int from, int to) {
        for (int number = from; number <= to; number++) {
            if (state(number).equals(found)) {
                return number;
            }
        }
        return -1;
    }

    /// A crash left state `number`: what came after it never was.
    void rewind(int number) {
        while (submitted() > number) {
            ops.removeLast();
            refused.removeLast();
            states.removeLast();
        }
        acknowledged = number;
    }

    /// Nobody will ask for states before the last acknowledged one any more.
    void forget() {
        int count = acknowledged - forgotten;
        ops.subList(0, count).clear();
        refused.subList(0, count).clear();
        states.subList(0, count).clear();
        forgotten = acknowledged;
    }
}
