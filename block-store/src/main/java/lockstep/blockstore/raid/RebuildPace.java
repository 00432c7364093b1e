package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

/// How fast a disk is rebuilt. `bytesPerSecond` of what is written to it, at most; what was rebuilt
/// counts after each `stripesPerFlush`, and is noted in the labels after `stripesPerNote` at the
/// latest, so that a restart begins there. While more than `busy` other reads and writes are under
/// way in the group, each run of stripes waits for them a little, but never long: every rebuild
/// ends.
public record RebuildPace(
        long bytesPerSecond, long stripesPerFlush, long stripesPerNote, int busy) {
    /// For disks of any kind.
    public static final RebuildPace DEFAULT = new RebuildPace(200L << 20, 16_384, 65_536, 4);

    private static final long SECOND = 1_000_000_000;

    /// The same at another rate.
    public static RebuildPace of(long bytesPerSecond) {
        return new RebuildPace(
                bytesPerSecond, DEFAULT.stripesPerFlush, DEFAULT.stripesPerNote, DEFAULT.busy);
    }

    public RebuildPace {
        Check.that(bytesPerSecond > 0 && busy >= 0, "a rebuild gets on");
        Check.that(stripesPerFlush > 0 && stripesPerNote > 0, "a rebuild is noted");
    }

    /// How long `blocks` blocks take at most speed.
    long nanosFor(long blocks) {
        return (long) ((double) Blocks.toBytes(blocks) * SECOND / bytesPerSecond);
    }
}
