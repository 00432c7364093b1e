package lockstep.blockstore.disk;

import lockstep.blockstore.base.Check;

/// How long a disk may take. A read for which somebody waits is answered without it after
/// `hedgeNanos`; after `evictNanos` a disk that does not answer leaves its group, if that can do
/// without it.
public record DiskPatience(long hedgeNanos, long evictNanos) {
    /// For disks of any kind.
    public static final DiskPatience DEFAULT = new DiskPatience(500_000_000, 10_000_000_000L);

    public DiskPatience {
        Check.that(hedgeNanos > 0 && evictNanos >= hedgeNanos, "a disk is waited for");
    }

    /// How often a disk that works is looked at.
    long lookNanos() {
        return Math.max(1, hedgeNanos / 4);
    }
}
