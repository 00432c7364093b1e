package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// XOR of blocks, eight bytes at a time. Order of bytes does not matter to XOR, so native order is
/// used on both sides.
///
/// The target's bytes are reached as an array of the heap: then the loop has one kind of memory on
/// that side and compiles to vector instructions whatever kind the source is of.
final class Parity {
    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final ValueLayout.OfLong UNALIGNED = ValueLayout.JAVA_LONG_UNALIGNED;

    private Parity() {}

    /// `target ^= source`, one block each, from their positions. The target is on the heap.
    static void add(ByteBuffer target, ByteBuffer source) {
        byte[] into = target.array();
        int base = target.arrayOffset() + target.position();
        if (source.hasArray()) {
            addArray(into, base, source.array(), source.arrayOffset() + source.position());
        } else {
            addNative(into, base, MemorySegment.ofBuffer(source));
        }
    }

    private static void addArray(byte[] into, int base, byte[] from, int fromBase) {
        for (int at = 0; at < Blocks.SIZE; at += Long.BYTES) {
            long sum = (long) LONGS.get(into, base + at) ^ (long) LONGS.get(from, fromBase + at);
            LONGS.set(into, base + at, sum);
        }
    }

    private static void addNative(byte[] into, int base, MemorySegment from) {
        for (int at = 0; at < Blocks.SIZE; at += Long.BYTES) {
            long sum = (long) LONGS.get(into, base + at) ^ from.get(UNALIGNED, at);
            LONGS.set(into, base + at, sum);
        }
    }

    /// A block of zeros.
    static ByteBuffer zeros() {
        return ByteBuffer.allocate(Blocks.SIZE);
    }

    /// Block `index` of `blocks`, all zeros.
    static ByteBuffer cleared(ByteBuffer blocks, int index) {
        int from = blocks.arrayOffset() + index * Blocks.SIZE;
        Arrays.fill(blocks.array(), from, from + Blocks.SIZE, (byte) 0);
        return blocks.slice(index * Blocks.SIZE, Blocks.SIZE);
    }

    /// A copy of the block at the position of `source`.
    static ByteBuffer copy(ByteBuffer source) {
        return zeros().put(0, source, source.position(), Blocks.SIZE);
    }
}
