package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;

/// How a copy behaves. `halfBytes`: a consistency point begins when the filling half's blocks take
/// half this much memory, or its entries as much of the log, and writes wait when they would take
/// the whole of it, or twice as much of the log, while one is under way.
/// `cpIntervalNanos`: one begins at the latest this long after the last if anything changed.
/// `abortNanos`: a write whose mirror is away ends in ABORTED COMMAND after this. `cacheBlocks`:
/// blocks kept in memory.
public record VolumeSettings(
        long halfBytes, long cpIntervalNanos, long abortNanos, long cacheBlocks) {
    public VolumeSettings {
        Check.that(halfBytes > 0 && cpIntervalNanos > 0, "a half has room and an end");
        Check.that(abortNanos > 0 && cacheBlocks > 0, "times and sizes are positive");
    }
}
