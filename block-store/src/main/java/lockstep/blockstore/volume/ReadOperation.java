package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.DirtyOverlay;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.OverlayBlock;
import lockstep.blockstore.tree.TreeReader;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// One read of a LUN. What the overlays know is copied at once, newest first, so that a consistency
/// point that ends meanwhile changes nothing; the rest comes from the committed tree. Sectors that
/// an overlay gave are never overwritten by what is below them.
final class ReadOperation {
    /// Blocks read with one request, at most: 1 MiB.
    private static final int RUN_MAX = 256;

    private static final int ALL = (1 << Blocks.SECTORS) - 1;

    /// Takes the end: the outcome, and the log sequence that the answer depends on.
    interface End {
        void ended(Outcome outcome, long dependsOn);
    }

    private final BlockReader reader;
    private final TreeRoot root;
    private final int lun;
    private final @Nullable DirtyOverlay newest;
    private final @Nullable DirtyOverlay older;
    private final long offset;
    private final ByteBuffer into;
    private final int base;
    private final long firstBlock;
    private final int[] known;
    private final End end;
    private long dependsOn;
    private int missing;
    private long lostOffset = -1;

    /// Reads `lun` as of the newest entry.
    static ReadOperation ofLun(
            VolumeCore core, LunState lun, long offset, ByteBuffer into, End end) {
        int number = lun.record().number();
        return new ReadOperation(
                core.copy.reader(),
                lun.root(),
                number,
                core.filling,
                core.frozenFor(number),
                offset,
                into,
                end);
    }

    /// Reads what the tree of `root` has, and nothing newer.
    static ReadOperation ofTree(
            BlockReader reader, TreeRoot root, long offset, ByteBuffer into, End end) {
        return new ReadOperation(reader, root, root.tree(), null, null, offset, into, end);
    }

    private ReadOperation(
            BlockReader reader,
            TreeRoot root,
            int lun,
            @Nullable DirtyOverlay newest,
            @Nullable DirtyOverlay older,
            long offset,
            ByteBuffer into,
            End end) {
        this.reader = reader;
        this.root = root;
        this.lun = lun;
        this.newest = newest;
        this.older = older;
        this.offset = offset;
        this.into = into;
        this.base = into.position();
        this.firstBlock = Blocks.containing(offset);
        this.known = new int[(int) VolumeCore.blocksTouched(offset, into.remaining())];
        this.end = end;
    }

    void run() {
        int first = -1;
        int last = -1;
        for (int i = 0; i < known.length; i++) {
            int wanted = wanted(i);
            known[i] = ~wanted & ALL;
            takeFrom(newest, i);
            takeFrom(older, i);
            if (known[i] != ALL) {
                first = first < 0 ? i : first;
                last = i;
            }
        }
        if (first < 0) {
            finish();
        } else {
            int start = first;
            new TreeReader(reader)
                    .find(
                            root,
                            firstBlock + first,
                            last - first + 1,
                            pointers -> readMissing(start, pointers));
        }
    }

    /// The sectors of block `i` of the range that the host asked for.
    private int wanted(int i) {
        long blockStart = Blocks.toBytes(firstBlock + i);
        int from = (int) Math.max(0, (offset - blockStart) / Blocks.SECTOR);
        long rangeEnd = offset + into.limit() - base;
        int to = (int) Math.min(Blocks.SECTORS, (rangeEnd - blockStart) / Blocks.SECTOR);
        return ((1 << (to - from)) - 1) << from;
    }

    private void takeFrom(@Nullable DirtyOverlay overlay, int i) {
        OverlayBlock block = overlay == null ? null : overlay.find(lun, firstBlock + i);
        if (block == null || known[i] == ALL) {
            return;
        }
        dependsOn = Math.max(dependsOn, block.sequence());
        if (block.isLost()) {
            lose(i);
            known[i] = ALL;
            return;
        }
        if (known[i] == 0 && block.isWhole()) {
            block.copyValid(0, Blocks.SECTORS, into, positionOf(i, 0));
            known[i] = ALL;
            return;
        }
        for (int sector = 0; sector < Blocks.SECTORS; sector++) {
            if ((known[i] & (1 << sector)) == 0 && block.has(sector)) {
                block.copyValid(sector, 1, into, positionOf(i, sector));
                known[i] |= 1 << sector;
            }
        }
    }

    private int positionOf(int i, int sector) {
        long position = Blocks.toBytes(firstBlock + i) + (long) sector * Blocks.SECTOR;
        return base + (int) (position - offset);
    }

    private void readMissing(int start, BlockPointer @Nullable [] pointers) {
        if (pointers == null) {
            lose(start);
            finish();
            return;
        }
        missing = 1;
        int p = 0;
        while (p < pointers.length) {
            p = readFrom(start, p, pointers);
        }
        oneLessMissing();
    }

    /// Fills block `p` of the pointers if that needs no disk, or begins to read it together with
    /// those that lie behind it on the same disk. Returns the next to look at.
    private int readFrom(int start, int p, BlockPointer[] pointers) {
        int i = start + p;
        BlockPointer pointer = pointers[p];
        if (known[i] == ALL) {
            return p + 1;
        }
        if (pointer.isHole()) {
            fill(i, null);
            return p + 1;
        }
        if (pointer.isPoisoned()) {
            lose(i);
            return p + 1;
        }
        ByteBuffer cached = reader.cachedData(pointer);
        if (cached != null) {
            fill(i, cached);
            return p + 1;
        }
        int end = runEnd(start, p, pointers);
        missing += end - p;
        reader.readRun(pointers, p, end, lun, (at, block) -> arrived(start + at, block));
        return end;
    }

    private int runEnd(int start, int p, BlockPointer[] pointers) {
        int end = p + 1;
        while (end < pointers.length
                && end - p < RUN_MAX
                && known[start + end] != ALL
                && pointers[end].isAllocated()
                && pointers[end].vbn() == pointers[p].vbn() + (end - p)
                && reader.cachedData(pointers[end]) == null) {
            end++;
        }
        return end;
    }

    private void arrived(int i, @Nullable ByteBuffer block) {
        if (block == null) {
            lose(i);
        } else {
            fill(i, block);
        }
        oneLessMissing();
    }

    private void oneLessMissing() {
        missing--;
        if (missing == 0) {
            finish();
        }
    }

    private void fill(int i, @Nullable ByteBuffer below) {
        if (known[i] == 0 && below != null) {
            into.put(positionOf(i, 0), below, 0, Blocks.SIZE);
            return;
        }
        for (int sector = 0; sector < Blocks.SECTORS; sector++) {
            if ((known[i] & (1 << sector)) != 0) {
                continue;
            }
            int at = positionOf(i, sector);
            if (below != null) {
                into.put(at, below, sector * Blocks.SECTOR, Blocks.SECTOR);
            } else {
                for (int b = 0; b < Blocks.SECTOR; b += Long.BYTES) {
                    into.putLong(at + b, 0);
                }
            }
        }
    }

    private void lose(int i) {
        long at = Math.max(offset, Blocks.toBytes(firstBlock + i));
        lostOffset = lostOffset < 0 ? at : Math.min(lostOffset, at);
    }

    private void finish() {
        Outcome outcome = lostOffset < 0 ? Outcome.done() : new Outcome.MediumError(lostOffset);
        end.ended(outcome, dependsOn);
    }
}
