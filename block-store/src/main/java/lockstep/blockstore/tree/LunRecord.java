package lockstep.blockstore.tree;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

import java.util.UUID;

/// A LUN's durable attributes. `number` is the LUN that hosts address (0..255), `identity` gives
/// the serial number and the NAA name and is the same on both nodes of a pair, `size` is in bytes,
/// a multiple of 4096.
public record LunRecord(int number, String name, UUID identity, long size) {
    /// LUN numbers are below this.
    public static final int NUMBERS = 256;

    public LunRecord {
        Check.that(number >= 0 && number < NUMBERS, "a LUN number is 0..255");
        Check.that(size > 0 && Blocks.isAligned(size), "a LUN's size is a multiple of 4096 bytes");
    }
}
