package lockstep.target.admin.model;

/// How far a source is with bringing its mirror up to date. `phase` is where it is; `full`: there
/// was no common image and everything is sent; `blocks` and `bytes` were sent so far, in `round`
/// rounds; `bytesPerSecond` on average, `limit` at most (0: none); `percent` of this round, with
/// `secondsLeft` to go (-1: nobody knows). `stalled` says since when nothing moves, else it is
/// empty.
public record ResyncView(
        String phase,
        boolean full,
        int round,
        long blocks,
        long bytes,
        long bytesPerSecond,
        long limit,
        int percent,
        long secondsLeft,
        String stalled) {}
