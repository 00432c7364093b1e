package lockstep.replication.role;

/// How far a resync is, for people. `full`: the mirror had no image in common and gets everything;
/// `blocks` and `bytes` were sent in all its rounds, of which this is number `round`;
/// `bytesPerSecond` on average, `limit` at most (0: no limit); `secondsLeft` of this round, -1 if
/// nobody can tell. `stalled` says since when nothing moves and why, and is empty while it does.
public record ResyncProgress(
        String phase,
        boolean full,
        int round,
        long blocks,
        long bytes,
        long bytesPerSecond,
        long limit,
        int percent,
        long secondsLeft,
        String stalled) {
    /// Nothing is under way.
    public static final ResyncProgress NONE =
            new ResyncProgress("", false, 0, 0, 0, 0, 0, 0, -1, "");

    /// Whether there is a resync.
    public boolean isUnderWay() {
        return !phase.isEmpty();
    }
}
