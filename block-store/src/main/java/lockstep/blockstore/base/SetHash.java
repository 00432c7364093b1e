package lockstep.blockstore.base;

/// A hash of a set of (block number, checksum): the sum, modulo 2^128, of one 128-bit hash of each.
/// So the order in which blocks come does not matter, a block that goes is taken off again, sets
/// that are disjoint add up, and two sets have the same sum only if they are the same, but for a
/// chance of one in 2^128 or so. It tells faults, not forgeries.
public final class SetHash {
    private static final long KEY_HIGH = 0x9e3779b97f4a7c15L;
    private static final long KEY_LOW = 0xc2b2ae3d27d4eb4fL;

    private long high;
    private long low;
    private long count;

    /// What a set comes to: how many blocks, and the sum.
    public record Value(long count, long high, long low) {
        @Override
        public String toString() {
            return "%d blocks, %016x%016x".formatted(count, high, low);
        }
    }

    /// Block `vbn` with this checksum joins.
    public void add(long vbn, int crc) {
        plus(mix(vbn, crc, KEY_HIGH), mix(vbn, crc, KEY_LOW), 1);
    }

    /// It goes again.
    public void remove(long vbn, int crc) {
        long lowPart = mix(vbn, crc, KEY_LOW);
        // Minus is plus the complement and one.
        long less = -lowPart;
        plus(~mix(vbn, crc, KEY_HIGH) + (less == 0 ? 1 : 0), less, -1);
    }

    /// All of a set that is disjoint joins.
    public void add(Value other) {
        plus(other.high, other.low, other.count);
    }

    /// What it comes to now.
    public Value value() {
        return new Value(count, high, low);
    }

    /// Begins anew, with nothing.
    public void clear() {
        high = 0;
        low = 0;
        count = 0;
    }

    private void plus(long highPart, long lowPart, long blocks) {
        long sum = low + lowPart;
        long carry = Long.compareUnsigned(sum, lowPart) < 0 ? 1 : 0;
        high += highPart + carry;
        low = sum;
        count += blocks;
    }

    private static long mix(long vbn, int crc, long key) {
        long bits = (vbn + key) * 0xff51afd7ed558ccdL;
        bits ^= bits >>> 32;
        bits = (bits + (crc & 0xffffffffL) + key) * 0xc4ceb9fe1a85ec53L;
        bits ^= bits >>> 29;
        bits = (bits ^ key) * 0xbf58476d1ce4e5b9L;
        return bits ^ (bits >>> 32);
    }
}
