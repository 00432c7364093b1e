package lockstep.target.admin.model;

/// How a pair stands, in one value: part of [PairView]. `policy` is strict or available, with its
/// budgets (0: none); `sinceMillis`, since when (1970) it is as `sync` and `linkUp` say, 0 if not
/// known. The source is ahead of its mirror for `exposedSeconds` by `exposedWrites` log entries of
/// `exposedBytes`, counted since its node started. `takeover` says what one would cost now:
/// nothing, nothing-unless-detached, unknown, loss, impossible, none. `text` says all of it to
/// people.
public record PairStanding(
        String policy,
        long budgetSeconds,
        long budgetBytes,
        long sinceMillis,
        long exposedSeconds,
        long exposedWrites,
        long exposedBytes,
        String takeover,
        String text) {}
