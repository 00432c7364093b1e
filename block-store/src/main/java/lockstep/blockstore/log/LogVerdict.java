package lockstep.blockstore.log;

import lockstep.blockstore.base.Position;
import lockstep.blockstore.io.IoFault;

/// What a scan of one stream found, and so what a replay does: the recovery table.
///
/// | where the chain breaks                         | none later | unsettled  | settled    |
/// |------------------------------------------------|------------|------------|------------|
/// | it does not: stale bytes or zeros follow       | CLEAN      | TORN_TAIL  | DAMAGED    |
/// | a batch with a bad payload, an entry cut short | TORN_TAIL  | TORN_TAIL  | DAMAGED    |
/// | a segment or a whole half is not there         | CLEAN      | TORN_TAIL  | GAP        |
/// | an entry in a sound batch makes no sense       | DAMAGED    | DAMAGED    | DAMAGED    |
/// | two chains claim one half or one predecessor   | FOREIGN    | FOREIGN    | FOREIGN    |
/// | the device cannot read it                      | UNREADABLE | UNREADABLE | UNREADABLE |
///
/// The columns: is there a later batch, and does one say that something behind the break was
/// durable when it was made ("settled")? As commits settle in the order in which they began, a torn
/// commit can never be followed by a batch that says so, and whatever was acknowledged before
/// another commit began is always vouched for.
public sealed interface LogVerdict {
    /// The last position that is known good.
    Position lastGood();

    /// Whether the entries may be used.
    default boolean replays() {
        return switch (this) {
            case Clean _, TornTail _ -> true;
            case Damaged _, Gap _, Foreign _, Unreadable _ -> false;
        };
    }

    /// What to tell the operator when the entries may not be used.
    default String text() {
        return switch (this) {
            case Clean _, TornTail _ -> "the log is whole up to " + lastGood();
            case Damaged(long half, Position good, Position settled) ->
                    "the log is damaged: entries after " + range(good, settled, half);
            case Gap(long half, Position good, Position settled) ->
                    "a part of the log is missing: entries after " + range(good, settled, half);
            case Foreign(long half, Position good) ->
                    "the log holds two histories after " + good + ", in half " + half;
            case Unreadable(Position good, IoFault fault) ->
                    "the log cannot be read after " + good + ": " + fault;
        };
    }

    private static String range(Position good, Position settled, long half) {
        String which = good + " up to " + settled + " (half " + half + ")";
        return which + " were acknowledged and do not read as written";
    }

    /// Every batch continues the one before it, up to the end.
    record Clean(Position lastGood) implements LogVerdict {}

    /// The last commits did not reach the device whole. They were never acknowledged; remains are
    /// dropped, except entries that are whole and continue what is before them.
    record TornTail(long half, Position lastGood) implements LogVerdict {}

    /// Something between `lastGood` and `settled`, both in the log once and acknowledged, does not
    /// read as it was written. Ask the mirror for the range; nothing here may be skipped.
    record Damaged(long half, Position lastGood, Position settled) implements LogVerdict {}

    /// As [Damaged], but a segment or a half is missing altogether.
    record Gap(long half, Position lastGood, Position settled) implements LogVerdict {}

    /// Half `half` holds two histories. This log is not this volume's, or was written by two nodes.
    record Foreign(long half, Position lastGood) implements LogVerdict {}

    /// The device failed while the log was read.
    record Unreadable(Position lastGood, IoFault fault) implements LogVerdict {}
}
