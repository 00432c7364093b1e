package lockstep.blockstore.cp;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;

import java.nio.ByteBuffer;
import java.util.BitSet;

/// Which VBNs are used: one bit each, 32768 in a map block. A VBN is used while the active image, a
/// pin, or a dead list that guards a pin needs it. VBN 0 is always used, so that a pointer of zeros
/// is a hole.
///
/// Held in memory as a whole; the map blocks that changed since they were last written are known.
public final class SpaceMap {
    /// VBNs that one map block describes.
    public static final int VBNS_PER_BLOCK = Blocks.SIZE * Byte.SIZE;

    private static final int WORDS_PER_BLOCK = Blocks.SIZE / Long.BYTES;

    private final long size;
    private final long[] words;
    private final BitSet changed = new BitSet();
    private long used;

    /// A map of `size` VBNs, all free but VBN 0.
    public SpaceMap(long size) {
        this.size = size;
        this.words = new long[Math.toIntExact(mapBlocks(size) * WORDS_PER_BLOCK)];
        take(0);
    }

    /// Map blocks needed for `size` VBNs.
    public static long mapBlocks(long size) {
        return (size + VBNS_PER_BLOCK - 1) / VBNS_PER_BLOCK;
    }

    /// VBNs in all.
    public long size() {
        return size;
    }

    /// VBNs in use; `used + free = size` (invariant 9).
    public long used() {
        return used;
    }

    /// VBNs that are free.
    public long free() {
        return size - used;
    }

    /// Whether `vbn` is in use.
    public boolean isUsed(long vbn) {
        return (words[(int) (vbn >> 6)] & (1L << vbn)) != 0;
    }

    /// Uses a free VBN.
    public void take(long vbn) {
        Check.that(vbn >= 0 && vbn < size, "a VBN lies inside the volume", vbn, size);
        Check.that(!isUsed(vbn), "only a free VBN is allocated", vbn, size);
        words[(int) (vbn >> 6)] |= 1L << vbn;
        changed.set((int) (vbn / VBNS_PER_BLOCK));
        used++;
    }

    /// Frees a used VBN.
    public void give(long vbn) {
        Check.that(vbn > 0 && vbn < size, "a VBN lies inside the volume", vbn, size);
        Check.that(isUsed(vbn), "only a used VBN is freed", vbn, size);
        words[(int) (vbn >> 6)] &= ~(1L << vbn);
        changed.set((int) (vbn / VBNS_PER_BLOCK));
        used--;
    }

    /// Used VBNs among `count` from `first`.
    public int usedIn(long first, int count) {
        int sum = 0;
        for (long vbn = first; vbn < first + count; ) {
            int bit = (int) (vbn & 63);
            int bits = (int) Math.min(64 - bit, first + count - vbn);
            long mask = bits == 64 ? -1L : ((1L << bits) - 1) << bit;
            sum += Long.bitCount(words[(int) (vbn >> 6)] & mask);
            vbn += bits;
        }
        return sum;
    }

    /// The next map block at or after `from` that has changed since it was last written, or -1.
    public int nextChanged(int from) {
        return changed.nextSetBit(from);
    }

    /// Copies map block `index` out; from here on it counts as unchanged.
    public void write(int index, ByteBuffer into) {
        for (int i = 0; i < WORDS_PER_BLOCK; i++) {
            into.putLong(i * Long.BYTES, words[index * WORDS_PER_BLOCK + i]);
        }
        changed.clear(index);
    }

    /// Takes map block `index` over from disk.
    public void read(int index, ByteBuffer borrowed) {
        for (int i = 0; i < WORDS_PER_BLOCK; i++) {
            int word = index * WORDS_PER_BLOCK + i;
            used -= Long.bitCount(words[word]);
            words[word] = borrowed.getLong(i * Long.BYTES);
            used += Long.bitCount(words[word]);
        }
    }

    /// Nothing counts as changed: memory and disk agree.
    public void settle() {
        changed.clear();
    }

    /// Every map block counts as changed: none was ever written.
    public void allChanged() {
        changed.set(0, (int) mapBlocks(size));
    }
}
