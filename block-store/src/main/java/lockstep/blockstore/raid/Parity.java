package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// XOR of blocks, eight bytes at a time. Order of bytes does not matter to XOR, so native order is
/// used on both sides.
final class Parity {
    private Parity() {}

    /// `target ^= source`, one block each, from their positions.
    static void add(ByteBuffer target, ByteBuffer source) {
        ByteBuffer into = target.slice().order(ByteOrder.nativeOrder());
        ByteBuffer from = source.slice().order(ByteOrder.nativeOrder());
        for (int at = 0; at < Blocks.SIZE; at += 4 * Long.BYTES) {
            into.putLong(at, into.getLong(at) ^ from.getLong(at));
            into.putLong(at + 8, into.getLong(at + 8) ^ from.getLong(at + 8));
            into.putLong(at + 16, into.getLong(at + 16) ^ from.getLong(at + 16));
            into.putLong(at + 24, into.getLong(at + 24) ^ from.getLong(at + 24));
        }
    }

    /// A block of zeros.
    static ByteBuffer zeros() {
        return ByteBuffer.allocate(Blocks.SIZE);
    }

    /// A copy of the block at the position of `source`.
    static ByteBuffer copy(ByteBuffer source) {
        return zeros().put(0, source, source.position(), Blocks.SIZE);
    }
}
