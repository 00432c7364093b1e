package lockstep.blockstore.volume;

import lockstep.blockstore.log.LogStream;

/// How much room the half that is filled has, in bytes of its memory.
final class HalfRoom {
    /// A half may take this many times its memory in the log. Where hosts write the same blocks
    /// again and again its blocks take next to none, and a replay, and the mirror meanwhile, have
    /// all of the log in memory. A batch of the log holds one block at least and a header: twice is
    /// what blocks that are all different take at most.
    private static final int LOG_PER_HALF = 2;

    private final VolumeCore core;

    HalfRoom(VolumeCore core) {
        this.core = core;
    }

    /// What a half may take.
    long whole() {
        return core.copy.settings().halfBytes();
    }

    /// What it has taken: by its blocks in memory or by its entries in the log, whichever is more.
    long taken() {
        long logged = core.copy.log().bytes(core.half) / LOG_PER_HALF;
        return Math.max(core.filling.cost(), logged);
    }

    /// What it can still take, here and in the mirror's log.
    long left() {
        LogStream log = core.copy.log();
        long whole = whole();
        // In floating point: the product of two sizes may be too large for a long.
        long logLeft = (long) (2.0 * log.freeBytes() / log.capacityBytes() * whole);
        return Math.min(whole - taken(), Math.min(logLeft, mirrorLeft(whole)));
    }

    /// As much of `whole` as the mirror's log has left of what it keeps for the volume.
    private long mirrorLeft(long whole) {
        Mirror mirror = core.mirror;
        if (mirror == null) {
            return whole;
        }
        long left = mirror.logQuota() - core.mirrorLogUse.bytes();
        return (long) ((double) left / mirror.logQuota() * whole);
    }
}
