package lockstep.blockstore.sim;

import lockstep.blockstore.base.Blocks;

/// How much space of what lends it to a device that holds.
public final class HeldSpace {
    private HeldSpace() {}

    /// Blocks that take space, of `count` from the one at `offset` on.
    public static int blocks(SimDevice device, long offset, long count) {
        int held = 0;
        for (long at = 0; at < count; at++) {
            held += device.isFresh(offset + Blocks.toBytes(at)) ? 0 : 1;
        }
        return held;
    }
}
