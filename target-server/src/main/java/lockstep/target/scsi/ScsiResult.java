package lockstep.target.scsi;

import lockstep.blockstore.base.IoBuffer;

/// How a command ended, as the host is told.
public sealed interface ScsiResult {
    /// GOOD, with nothing to send.
    record Good() implements ScsiResult {}

    /// GOOD, with the first `length` bytes of `data`, of which one reference is handed over.
    record Data(IoBuffer data, int length) implements ScsiResult {}

    /// CHECK CONDITION with this sense data.
    record CheckCondition(SenseData sense) implements ScsiResult {}

    /// BUSY: try again.
    record Busy() implements ScsiResult {}

    /// RESERVATION CONFLICT: a reservation of another nexus forbids it.
    record ReservationConflict() implements ScsiResult {}

    /// GOOD without data.
    static ScsiResult good() {
        return new Good();
    }

    /// CHECK CONDITION for `condition`.
    static ScsiResult check(Sense condition) {
        return new CheckCondition(condition.plain());
    }
}
