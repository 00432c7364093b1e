package lockstep.blockstore.crash;

import java.util.List;

/// What had been said to hosts when the power was cut: the volume must be in one of the states
/// `from` to `to` of its twin. In a trace an even mark `2n` says that operation `n` was asked for,
/// and an odd one `2n + 1` that it was answered; a negative one `-1 - n` that a host saw state `n`,
/// which no later failure may take back.
record Promise(int from, int to) {
    /// The promise of these marks, which began at `before`.
    static Promise of(Promise before, List<Long> marks) {
        int from = before.from;
        int to = before.to;
        for (long mark : marks) {
            if (mark < 0) {
                from = (int) (-1 - mark);
                to = from;
            } else if ((mark & 1) == 0) {
                to = Math.max(to, (int) (mark >> 1));
            } else {
                from = Math.max(from, (int) (mark >> 1));
            }
        }
        return new Promise(from, to);
    }
}
