package lockstep.blockstore.block;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Restored;
import lockstep.blockstore.io.IoCompletion;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/// What a volume needs from below: a space of VBNs that verifies and heals itself, and the record
/// that commits a consistency point. Its real form is [RaidSpace]; a volume needs to know no more
/// of RAID than where its stripes are, so that it can fill whole ones.
public interface BlockSpace extends BlockSource {
    /// One RAID group: a data disk owns the `dbnCount` VBNs from its own of `firstVbns` on; equal
    /// offsets on all disks make a stripe.
    record StripeSet(List<Long> firstVbns, long dbnCount) {
        public StripeSet {
            firstVbns = List.copyOf(firstVbns);
        }

        /// Disks whose VBNs follow each other.
        public static StripeSet of(long firstVbn, int dataDisks, long dbnCount) {
            return new StripeSet(
                    LongStream.range(0, dataDisks).mapToObj(i -> firstVbn + i * dbnCount).toList(),
                    dbnCount);
        }

        /// Disks that hold data.
        public int dataDisks() {
            return firstVbns.size();
        }

        /// The VBN of block `dbn` of data disk `disk`.
        public long vbn(int disk, long dbn) {
            return firstVbns.get(disk) + dbn;
        }
    }

    /// VBNs in the space. It may grow; a volume uses as many as its root says.
    long size();

    /// Whether nothing can be written now, because what lends space to the disks has none left.
    /// What was begun waits and goes on.
    default boolean isOutOfSpace() {
        return false;
    }

    /// The groups.
    List<StripeSet> stripeSets();

    /// As [#read], but only where this space's own records say that the block is what `pointer`
    /// asks for: that comes from another copy of the volume, and nothing is wrong if there is
    /// another block here, or none. Where nobody else has a copy there is nothing to give.
    default void readHeld(BlockPointer pointer, ByteBuffer into, ReadHandler done) {
        done.ended(false);
    }

    /// Puts `content` (lent until the end), which has checksum `crc` and comes from another copy,
    /// in the place of a block that cannot be read, where this space's own records say that it
    /// belongs there. It is durable with the next flush.
    default void restore(long vbn, int crc, ByteBuffer content, Consumer<Restored> done) {
        done.accept(Restored.UNKNOWN);
    }

    /// Where a block is, for people.
    default String placeOf(long vbn) {
        return "VBN " + vbn;
    }

    /// Begins to write `cp`. One writer at a time.
    Writer begin(CpId cp);

    /// Commits: makes `root` (lent) the newest superblock, durable on all live disks. `order` only
    /// grows.
    void commitRoot(long order, ByteBuffer root, IoCompletion done);

    /// Makes `state` (lent), which belongs to this copy alone, the newest such record on all live
    /// disks.
    void writeCopyState(long order, ByteBuffer state, IoCompletion done);

    /// Makes the stripes right that a crash may have left half written; before anything is read
    /// that is not the newest superblock. `committed` is that superblock's consistency point.
    void recover(CpId committed, IoCompletion done);

    /// Writes one consistency point's blocks. None of the VBNs put may be live in the committed
    /// image.
    interface Writer {
        /// While `urgent` says no, little of it is under way at a time, so that it ends later and
        /// what else the disks do waits less for it. Asked often, on the loop; without it all is
        /// urgent.
        default void calmUnless(BooleanSupplier urgent) {}

        /// Adds a block; `content` (4096 bytes) is lent until the [#writeOut] that covers it has
        /// ended.
        void put(long vbn, ByteBuffer content, int crc);

        /// Writes all that was put since the last call, stripes and parity included.
        void writeOut(IoCompletion done);

        /// Makes everything written durable.
        void flush(IoCompletion done);

        /// The superblock of this consistency point is durable.
        void committed();

        /// Drops the consistency point: makes the stripes it touched right again.
        void abandon(IoCompletion done);
    }
}
