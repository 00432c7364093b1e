package lockstep.blockstore.cp;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.log.LogEntry;

import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// The blocks that one log half has changed, by LUN and block index. The filling one takes entries
/// as they are sequenced; the frozen one is what the consistency point under way writes out.
/// Applying an entry again changes nothing (invariant 8).
public final class DirtyOverlay {
    private static final int LUNS = 256;

    /// What one changed block costs besides its content, roughly, in bytes.
    private static final int BLOCK_OVERHEAD = 96;

    private final BlockPool pool;
    private final @Nullable Long2ObjectHashMap<OverlayBlock>[] luns;
    private long cost;
    private long blocks;
    private long reserved;

    /// An overlay with nothing in it.
    @SuppressWarnings({"unchecked", "rawtypes"})
    public DirtyOverlay(BlockPool pool) {
        this.pool = pool;
        this.luns = new Long2ObjectHashMap[LUNS];
    }

    /// Takes in what `entry` says of LUN blocks; its buffers are lent for the call.
    public void apply(LogEntry entry) {
        switch (entry) {
            case LogEntry.Write w -> write(w);
            case LogEntry.Unmap u ->
                    spans(
                            u.offset(),
                            u.length(),
                            (block, sector, count, at) ->
                                    blockFor(u.lun(), block)
                                            .zero(pool, sector, count, u.position().sequence()));
            case LogEntry.WriteSame s -> writeSame(s);
            case LogEntry.Put _, LogEntry.EpochOpened _ -> {}
        }
    }

    /// What is known of block `block` of LUN `lun`.
    public @Nullable OverlayBlock find(int lun, long block) {
        Long2ObjectHashMap<OverlayBlock> ofLun = luns[lun];
        return ofLun == null ? null : ofLun.get(block);
    }

    /// The changed blocks of LUN `lun`, in order.
    public long[] sortedBlocks(int lun) {
        Long2ObjectHashMap<OverlayBlock> ofLun = luns[lun];
        if (ofLun == null) {
            return new long[0];
        }
        long[] keys = new long[ofLun.size()];
        int count = 0;
        Long2ObjectHashMap<OverlayBlock>.KeyIterator iterator = ofLun.keySet().iterator();
        while (iterator.hasNext()) {
            keys[count++] = iterator.nextLong();
        }
        Arrays.sort(keys);
        return keys;
    }

    /// Whether nothing of LUN `lun` has changed.
    public boolean isEmpty(int lun) {
        Long2ObjectHashMap<OverlayBlock> ofLun = luns[lun];
        return ofLun == null || ofLun.isEmpty();
    }

    /// Forgets LUN `lun`, which was deleted.
    public void dropLun(int lun) {
        Long2ObjectHashMap<OverlayBlock> ofLun = luns[lun];
        if (ofLun != null) {
            ofLun.values().forEach(block -> block.drop(pool));
        }
        luns[lun] = null;
    }

    /// Gives all buffers back.
    public void close() {
        for (int lun = 0; lun < LUNS; lun++) {
            dropLun(lun);
        }
        cost = 0;
        blocks = 0;
    }

    /// Bytes that this overlay holds, roughly.
    public long cost() {
        return cost;
    }

    /// Changed blocks.
    public long blocks() {
        return blocks;
    }

    /// Whether nothing has changed.
    public boolean isEmpty() {
        return blocks == 0;
    }

    /// Notes that `count` VBNs are promised to this overlay.
    public void reserve(long count) {
        reserved += count;
    }

    /// VBNs promised to this overlay.
    public long reserved() {
        return reserved;
    }

    private void write(LogEntry.Write w) {
        ByteBuffer data = w.data();
        int base = data.position();
        spans(
                w.offset(),
                data.remaining(),
                (block, sector, count, at) ->
                        blockFor(w.lun(), block)
                                .write(
                                        pool,
                                        sector,
                                        count,
                                        data,
                                        base + at,
                                        w.position().sequence()));
    }

    private void writeSame(LogEntry.WriteSame s) {
        ByteBuffer repeated = pool.take();
        for (int i = 0; i < Blocks.SECTORS; i++) {
            repeated.put(i * Blocks.SECTOR, s.pattern(), s.pattern().position(), Blocks.SECTOR);
        }
        long sequence = s.position().sequence();
        spans(
                s.offset(),
                s.length(),
                (block, sector, count, at) -> {
                    OverlayBlock target = blockFor(s.lun(), block);
                    target.write(pool, sector, count, repeated, 0, sequence);
                    target.forgetReference();
                });
        pool.give(repeated);
    }

    private OverlayBlock blockFor(int lun, long block) {
        Long2ObjectHashMap<OverlayBlock> ofLun = luns[lun];
        if (ofLun == null) {
            ofLun = new Long2ObjectHashMap<>();
            luns[lun] = ofLun;
        }
        OverlayBlock known = ofLun.get(block);
        if (known == null) {
            known = new OverlayBlock();
            ofLun.put(block, known);
            blocks++;
            cost += BLOCK_OVERHEAD + Blocks.SIZE;
        }
        return known;
    }

    private interface SpanConsumer {
        void span(long block, int sector, int count, int at);
    }

    /// Cuts a byte range at block borders; `at` is the bytes of the range before this span.
    private static void spans(long offset, long length, SpanConsumer consumer) {
        long at = 0;
        while (at < length) {
            long position = offset + at;
            int inBlock = (int) (position & (Blocks.SIZE - 1));
            int bytes = (int) Math.min(Blocks.SIZE - inBlock, length - at);
            consumer.span(
                    Blocks.containing(position),
                    inBlock / Blocks.SECTOR,
                    bytes / Blocks.SECTOR,
                    (int) Math.min(at, Integer.MAX_VALUE));
            at += bytes;
        }
    }
}
