package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;

import java.nio.ByteBuffer;
import java.util.List;

/// A part of a snapshot dead list: blocks that were born no later than `born`, the consistency
/// point of a snapshot of the chain, which may be gone by now, and later than every snapshot before
/// that one which there still is. So what a deletion frees is always whole buckets. `filled` is how
/// many of the places in its chain's first block are taken.
record Bucket(Birth born, Chain chain, int filled) {
    static final int BYTES = 12 + Chain.BYTES + 4;

    /// The end of an interval of births: a consistency point, as pointers name it.
    record Birth(int epoch, long count) implements Comparable<Birth> {
        static Birth of(CpId cp) {
            return new Birth(cp.epoch().counter(), cp.count());
        }

        @Override
        public int compareTo(Birth other) {
            int byEpoch = Integer.compare(epoch, other.epoch);
            return byEpoch != 0 ? byEpoch : Long.compare(count, other.count);
        }
    }

    static Bucket empty(Birth born) {
        return new Bucket(born, Chain.EMPTY, 0);
    }

    Bucket with(List<BlockPointer> dead, DeathFile file) {
        int after = Chain.filledAfter(chain.isEmpty(), filled, dead.size());
        return new Bucket(born, chain.with(dead, filled, file), after);
    }

    /// Both as one; the last block of this one is in memory.
    Bucket joined(Bucket behind, DeathFile file) {
        int front = chain.isEmpty() ? behind.filled : filled;
        return new Bucket(born, chain.joined(behind.chain, file), front);
    }

    /// Whether the next block that dies goes into a block that there is.
    boolean hasRoom() {
        return !chain.isEmpty() && filled < Chain.ENTRIES_PER_BLOCK;
    }

    void put(ByteBuffer out, int at) {
        out.putInt(at, born.epoch).putLong(at + 4, born.count);
        out.putLong(at + 12, chain.first()).putLong(at + 20, chain.last());
        out.putLong(at + 28, chain.blocks()).putInt(at + 36, filled);
    }

    static Bucket get(ByteBuffer in, int at) {
        return new Bucket(
                new Birth(in.getInt(at), in.getLong(at + 4)),
                new Chain(in.getLong(at + 12), in.getLong(at + 20), in.getLong(at + 28)),
                in.getInt(at + 36));
    }
}
