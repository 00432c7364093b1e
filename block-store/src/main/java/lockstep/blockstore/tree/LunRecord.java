package lockstep.blockstore.tree;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

import java.util.UUID;

/// A LUN's durable attributes. `number` is the LUN that hosts address (0..255), `identity` gives
/// the serial number and the NAA name and is the same on both nodes of a pair, `size` is in bytes,
/// a multiple of 4096. A LUN that is `readOnly` shows a snapshot and takes no writes; it is made so
/// and stays so.
public record LunRecord(int number, String name, UUID identity, long size, boolean readOnly) {
    /// LUN numbers are below this.
    public static final int NUMBERS = 256;

    /// A LUN that takes writes.
    public LunRecord(int number, String name, UUID identity, long size) {
        this(number, name, identity, size, false);
    }

    public LunRecord {
        Check.that(isNumber(number), "a LUN number is 0..255");
        Check.that(isSize(size), "a LUN's size is a multiple of 4096 bytes");
    }

    /// Whether a LUN can have this number.
    public static boolean isNumber(int number) {
        return number >= 0 && number < NUMBERS;
    }

    /// Whether a LUN can have this size.
    public static boolean isSize(long size) {
        return size > 0 && Blocks.isAligned(size);
    }

    /// The same LUN with another size.
    public LunRecord sized(long bytes) {
        return new LunRecord(number, name, identity, bytes, readOnly);
    }
}
