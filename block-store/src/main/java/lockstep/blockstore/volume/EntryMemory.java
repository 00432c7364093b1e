package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.log.HeldMemory;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// The data of log entries that a mirror holds and that are not held where the log has them, off
/// the heap: a half is hundreds of megabytes that live for seconds, which a collector would move
/// again and again, and a heap of common size could not hold. Entries go mostly in the order in
/// which they came, so they stand one behind the other in slabs, and a slab is used again when the
/// last of its entries has gone. Belongs to one loop.
final class EntryMemory {
    private static final int SMALLEST_SLAB = 64 << 10;

    // As much as a host writes with one command; what is longer has memory of its own.
    private static final int SLAB = 4 << 20;

    private final ArrayDeque<Slab> free = new ArrayDeque<>();
    private @Nullable Slab open;
    private int nextSlab = SMALLEST_SLAB;
    private long madeBytes;

    /// A piece of memory that holds the bytes of several entries.
    final class Slab implements HeldMemory {
        private final ByteBuffer bytes;
        private int lent;

        private Slab(int size) {
            bytes = ByteBuffer.allocateDirect(size);
        }

        /// Copies what is between position and limit of `borrowed`, for which there is room, and
        /// tells where it stands; it is held.
        int add(ByteBuffer borrowed) {
            int at = bytes.position();
            bytes.put(borrowed.duplicate());
            hold();
            return at;
        }

        @Override
        public ByteBuffer view(int at, int length) {
            return bytes.slice(at, length);
        }

        @Override
        public void hold() {
            lent++;
        }

        @Override
        public void giveBack() {
            lent--;
            Check.that(lent >= 0, "room is given back once");
            if (lent > 0) {
                return;
            }
            if (this == open) {
                bytes.clear();
            } else if (bytes.capacity() == SLAB) {
                bytes.clear();
                free.push(this);
            }
        }
    }

    /// Bytes of all slabs that were ever made.
    long madeBytes() {
        return madeBytes;
    }

    /// Where `length` bytes can be copied to next.
    Slab slabFor(int length) {
        if (length > SLAB) {
            madeBytes += length;
            return new Slab(length);
        }
        Slab slab = open;
        if (slab == null || slab.bytes.remaining() < length) {
            slab = free.isEmpty() ? grown(length) : free.pop();
            open = slab;
        }
        return slab;
    }

    // Small at first, so that a volume with little traffic takes little.
    private Slab grown(int length) {
        while (nextSlab < length) {
            nextSlab *= 2;
        }
        Slab slab = new Slab(nextSlab);
        madeBytes += nextSlab;
        nextSlab = Math.min(2 * nextSlab, SLAB);
        return slab;
    }
}
