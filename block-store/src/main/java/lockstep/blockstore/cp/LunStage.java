package lockstep.blockstore.cp;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.io.Slices;
import lockstep.blockstore.tree.TreeEditor;
import lockstep.blockstore.tree.VbnAllocator;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// One LUN's part of a consistency point: its tree is loaded, blocks with gaps are completed from
/// what was below, every changed block gets a VBN, and the tree follows.
final class LunStage {
    private static final int BLOCKS_PER_SLICE = 256;
    private static final int COMPLETIONS_AT_ONCE = 32;

    private final CpContext context;
    private final CpId cp;
    private final DirtyOverlay frozen;
    private final VbnAllocator allocator;
    private final CpOutput output;
    private final LunState before;
    private final long[] blocks;
    private final TreeEditor editor;
    private final Consumer<@Nullable LunState> done;

    private long mapped;
    private int next;
    private int reading;
    private boolean completing;

    /// `done` gets the LUN's new state, or null if its tree cannot be read.
    LunStage(
            CpContext context,
            CpId cp,
            DirtyOverlay frozen,
            VbnAllocator allocator,
            CpOutput output,
            LunState before,
            Consumer<@Nullable LunState> done) {
        this.context = context;
        this.cp = cp;
        this.frozen = frozen;
        this.allocator = allocator;
        this.output = output;
        this.before = before;
        this.blocks = insideLun(frozen.sortedBlocks(before.record().number()));
        this.editor =
                new TreeEditor(before.root(), cp, context.reader(), context.pool(), context.loop());
        this.mapped = before.mappedBlocks();
        this.done = done;
    }

    TreeEditor editor() {
        return editor;
    }

    void run() {
        editor.growTo(before.record().size() / Blocks.SIZE);
        editor.load(
                blocks,
                blocks.length,
                loaded -> {
                    if (loaded) {
                        complete();
                    } else {
                        done.accept(null);
                    }
                });
    }

    /// Blocks past the end of a LUN that has shrunk or was made anew are nobody's.
    private long[] insideLun(long[] sorted) {
        long end = before.record().size() / Blocks.SIZE;
        int count = sorted.length;
        while (count > 0 && sorted[count - 1] >= end) {
            count--;
        }
        return java.util.Arrays.copyOf(sorted, count);
    }

    private void complete() {
        if (completing) {
            return;
        }
        completing = true;
        Slices.run(context.loop(), BLOCKS_PER_SLICE, this::completeNext, this::completed);
    }

    private boolean completeNext() {
        if (next == blocks.length || reading == COMPLETIONS_AT_ONCE) {
            return false;
        }
        long index = blocks[next++];
        OverlayBlock block = changed(index);
        if (!block.isWhole()) {
            BlockPointer below = editor.get(index);
            if (below.isHole()) {
                block.complete(context.pool(), null);
            } else if (below.isPoisoned()) {
                block.markLost(context.pool());
            } else {
                reading++;
                context.reader().readData(below, content -> arrived(block, content));
            }
        }
        return true;
    }

    private void arrived(OverlayBlock block, java.nio.@Nullable ByteBuffer content) {
        reading--;
        if (content == null) {
            block.markLost(context.pool());
        } else {
            block.complete(context.pool(), content);
        }
        complete();
    }

    private void completed() {
        completing = false;
        if (reading > 0) {
            return;
        }
        if (next < blocks.length) {
            complete();
        } else {
            allocator.prepare(blocks.length, this::placeAll);
        }
    }

    private void placeAll(boolean found) {
        if (!found) {
            done.accept(null);
            return;
        }
        int[] at = {0};
        Slices.run(
                context.loop(),
                BLOCKS_PER_SLICE,
                () -> {
                    if (at[0] == blocks.length) {
                        return false;
                    }
                    place(blocks[at[0]++]);
                    return true;
                },
                this::sealTree);
    }

    private void place(long index) {
        OverlayBlock block = changed(index);
        BlockPointer old = editor.get(index);
        BlockPointer now = BlockPointer.HOLE;
        if (block.isLost()) {
            now = BlockPointer.poisoned(cp);
        } else if (!block.isHole()) {
            now = BlockPointer.to(allocator.allocate(), block.crc(), cp);
            output.data(now, block);
        }
        editor.set(index, now);
        if (old.isAllocated()) {
            allocator.died(old);
        }
        mapped += (now.isHole() ? 0 : 1) - (old.isHole() ? 0 : 1);
    }

    private void sealTree() {
        editor.assign(
                allocator,
                assigned -> {
                    if (assigned) {
                        editor.encode(
                                output, root -> done.accept(before.with(root, mapped, nodes())));
                    } else {
                        done.accept(null);
                    }
                });
    }

    private long nodes() {
        boolean unknown = before.nodes() == LunState.UNKNOWN;
        return unknown ? LunState.UNKNOWN : before.nodes() + editor.nodesGained();
    }

    private OverlayBlock changed(long index) {
        OverlayBlock block = frozen.find(before.record().number(), index);
        if (block == null) {
            throw new lockstep.blockstore.base.BrokenInvariant("a frozen block stays");
        }
        return block;
    }
}
