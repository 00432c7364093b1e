package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;

import java.util.function.LongSupplier;

/// How a copy behaves. `half`, bytes, which may change at any time: a consistency point begins when
/// the filling half's blocks take half this much memory, or its entries as much of the log, and
/// writes wait when they would take the whole of it, or twice as much of the log, while one is
/// under way. `cpIntervalNanos`: one begins at the latest this long after the last if anything
/// changed. `abortNanos`: a write whose mirror is away ends in ABORTED COMMAND after this.
/// `cacheBlocks`: blocks kept in memory. `deadBlocks`: the images that a mirror which is away needs
/// to come back by difference are given up, the oldest first, when more blocks than this are kept
/// for them.
public record VolumeSettings(
        LongSupplier half,
        long cpIntervalNanos,
        long abortNanos,
        long cacheBlocks,
        long deadBlocks) {
    private static final int BYTES_PER_DEAD_BLOCK = 64;

    /// Of the heap, one part in so many may be taken by what is known of dead blocks.
    private static final int DEAD_HEAP_SHARE = 4;

    public VolumeSettings {
        Check.that(half.getAsLong() > 0 && cpIntervalNanos > 0, "a half has room and an end");
        Check.that(abortNanos > 0 && cacheBlocks > 0, "times and sizes are positive");
        Check.that(deadBlocks > 0, "something may be kept for a mirror");
    }

    /// With as many dead blocks as a quarter of the heap has room for.
    public VolumeSettings(
            LongSupplier half, long cpIntervalNanos, long abortNanos, long cacheBlocks) {
        this(
                half,
                cpIntervalNanos,
                abortNanos,
                cacheBlocks,
                Runtime.getRuntime().maxMemory() / DEAD_HEAP_SHARE / BYTES_PER_DEAD_BLOCK);
    }

    /// With a half that stays as it is.
    public VolumeSettings(long halfBytes, long cpIntervalNanos, long abortNanos, long cacheBlocks) {
        this(() -> halfBytes, cpIntervalNanos, abortNanos, cacheBlocks);
    }

    /// Bytes of one half now.
    public long halfBytes() {
        return half.getAsLong();
    }
}
