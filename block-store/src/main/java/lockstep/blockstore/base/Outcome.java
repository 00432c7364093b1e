package lockstep.blockstore.base;

/// How an operation on a LUN or a volume ended. An operating fault is a value here, so whoever
/// answers the host has to handle each.
public sealed interface Outcome {
    /// It is done, and as durable as the volume's state asks for.
    record Done() implements Outcome {
        private static final Done INSTANCE = new Done();
    }

    /// Success.
    static Outcome done() {
        return Done.INSTANCE;
    }

    /// The block at LUN byte `offset` is lost for good, or cannot be read now from any copy.
    record MediumError(long offset) implements Outcome {}

    /// The volume has no room for this write. Nothing was changed.
    record NoSpace() implements Outcome {}

    /// The operation does not fit the LUN: beyond its end, or the LUN is gone.
    record OutOfRange() implements Outcome {}

    /// The volume does not serve now and may later (joining, mirror away, taking over). Nothing was
    /// changed.
    record NotServing(String reason) implements Outcome {}

    /// Try again: the volume has more work than room in its log.
    record Busy(String reason) implements Outcome {}

    /// It was sequenced, but its mirror went away or the volume stopped before it could be
    /// acknowledged. It may or may not be found later.
    record Aborted(String reason) implements Outcome {}

    /// The LUN takes no writes: it shows a snapshot.
    record WriteProtected() implements Outcome {}

    /// What was asked for does not go with what there is: why. Nothing was changed.
    record Refused(String why) implements Outcome {}

    /// Byte `offset` of the range is not what it was compared with, and is the first that is not.
    /// Nothing was changed.
    record Miscompare(int offset) implements Outcome {}

    /// Whether this is [Done].
    default boolean isDone() {
        return this instanceof Done;
    }

    /// Takes the outcome of an asynchronous operation, exactly once, on the loop that owns the
    /// volume.
    @FunctionalInterface
    interface Handler {
        /// `outcome` is final.
        void ended(Outcome outcome);
    }
}
