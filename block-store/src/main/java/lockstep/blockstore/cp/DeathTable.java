package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.cp.Bucket.Birth;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/// The buckets of one owner's snapshot dead list, in memory for the consistency point that changes
/// or asks them. In the [DeathFile] they stand in blocks that follow each other:
///
/// ```
/// | magic (2) | 2 (2) | count (4) | zeros (8) | bucket ... |
/// bucket: | born: epoch (4), count (8) | first (8) | last (8) | blocks (8) | filled (4) |
/// ```
final class DeathTable {
    private static final short KIND = 2;
    private static final int BUCKETS_AT = 16;
    private static final int PER_BLOCK = 102;

    private final TreeMap<Birth, Bucket> buckets = new TreeMap<>();
    private DeathList stored;
    private boolean changed;

    private DeathTable(DeathList stored) {
        this.stored = stored;
    }

    /// Indices of the blocks that hold the table of `list`.
    static long[] indices(DeathList list) {
        long[] indices = new long[blocksFor(list.buckets())];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = list.table() + i;
        }
        return indices;
    }

    private static int blocksFor(int buckets) {
        return (buckets + PER_BLOCK - 1) / PER_BLOCK;
    }

    /// Reads the table of `list`, whose blocks are in memory. Null if they make no sense.
    static @org.jspecify.annotations.Nullable DeathTable read(DeathList list, DeathFile file) {
        DeathTable table = new DeathTable(list);
        for (long index : indices(list)) {
            ByteBuffer block = file.block(index);
            int count = block.getInt(4);
            boolean isTable = block.getShort(0) == Chain.MAGIC && block.getShort(2) == KIND;
            if (!isTable || count < 1 || count > PER_BLOCK) {
                return null;
            }
            for (int i = 0; i < count; i++) {
                Bucket bucket = Bucket.get(block, BUCKETS_AT + i * Bucket.BYTES);
                table.buckets.put(bucket.born(), bucket);
            }
        }
        return table.buckets.size() == list.buckets() ? table : null;
    }

    /// The buckets, oldest births first.
    Collection<Bucket> buckets() {
        return List.copyOf(buckets.values());
    }

    Bucket get(Birth born) {
        return buckets.getOrDefault(born, Bucket.empty(born));
    }

    /// Puts `bucket` in the place of the one with its births; an empty one takes it out.
    void put(Bucket bucket) {
        if (bucket.chain().isEmpty()) {
            buckets.remove(bucket.born());
        } else {
            buckets.put(bucket.born(), bucket);
        }
        changed = true;
    }

    /// Buckets whose births are all later than `after`.
    List<Bucket> bornAfter(CpId after) {
        return List.copyOf(buckets.tailMap(Birth.of(after), /* inclusive= */ false).values());
    }

    /// Blocks born after `after` and no later than `upTo`.
    long blocks(CpId after, CpId upTo) {
        return buckets.subMap(Birth.of(after), false, Birth.of(upTo), true).values().stream()
                .mapToLong(bucket -> bucket.chain().blocks())
                .sum();
    }

    /// Where the list stands now; a changed table is written into `file` first.
    DeathList store(DeathFile file) {
        if (!changed) {
            return stored;
        }
        changed = false;
        long[] before = indices(stored);
        int needed = blocksFor(buckets.size());
        long first = stored.table();
        if (needed != before.length) {
            for (long index : before) {
                file.drop(index);
            }
            first = needed == 0 ? 0 : file.add(needed);
        }
        List<Bucket> all = List.copyOf(buckets.values());
        for (int i = 0; i < needed; i++) {
            List<Bucket> part =
                    all.subList(i * PER_BLOCK, Math.min((i + 1) * PER_BLOCK, all.size()));
            write(file.change(first + i), part);
        }
        long blocks = all.stream().mapToLong(bucket -> bucket.chain().blocks()).sum();
        stored = new DeathList(first, all.size(), blocks);
        return stored;
    }

    private static void write(ByteBuffer block, List<Bucket> part) {
        lockstep.blockstore.base.BlockPool.clear(block);
        block.putShort(0, Chain.MAGIC).putShort(2, KIND).putInt(4, part.size());
        int at = BUCKETS_AT;
        for (Bucket bucket : part) {
            bucket.put(block, at);
            at += Bucket.BYTES;
        }
    }
}
