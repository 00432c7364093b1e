package lockstep.blockstore.cp;

import java.nio.ByteBuffer;

/// Where the snapshot dead list of one owner, a snapshot or the LUN itself, stands: the blocks that
/// the snapshot before it in the LUN's chain has, and that it has not. `table` is the index of the
/// first block of its table in the [DeathFile], `buckets` how many the table holds, `blocks` how
/// many blocks are listed in all.
///
/// A block that dies is listed once in a chain, by the first owner that lacks it; so the sum over a
/// chain is what its snapshots alone keep from being free.
public record DeathList(long table, int buckets, long blocks) {
    /// Nothing died between the two.
    public static final DeathList EMPTY = new DeathList(0, 0, 0);

    static final int BYTES = 20;

    void put(ByteBuffer out) {
        out.putLong(table).putInt(buckets).putLong(blocks);
    }

    static DeathList get(ByteBuffer in) {
        return new DeathList(in.getLong(), in.getInt(), in.getLong());
    }
}
