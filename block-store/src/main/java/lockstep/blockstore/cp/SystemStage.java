package lockstep.blockstore.cp;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.tree.TreeEditor;
import lockstep.blockstore.tree.TreeRoot;
import lockstep.blockstore.tree.VbnAllocator;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/// The system files' part of a consistency point: state file, dead list, space map.
///
/// Writing the space map takes space and so changes the space map; each old block of it dies and so
/// lengthens the dead list, which takes space too. It comes to rest because each map block is
/// rewritten at most once per consistency point and a dead block holds 127 entries: rounds give
/// VBNs to what has changed until a round changes nothing more. Only then are contents written and
/// checksums computed.
final class SystemStage {
    /// The dead list's tree is made high enough for this much growth within one consistency point.
    private static final long DEAD_GROWTH_BLOCKS = 100_000;

    /// The three roots and the length of the state file, or null if a node cannot be read.
    record Result(TreeRoot state, TreeRoot dead, TreeRoot space, long stateBytes) {}

    private final CpContext context;
    private final CpId cp;
    private final VbnAllocator allocator;
    private final CpOutput output;
    private final VolumeRoot before;
    private final Consumer<@Nullable Result> done;
    private final TreeEditor stateEditor;
    private final TreeEditor deadEditor;
    private final TreeEditor spaceEditor;
    private final TreeMap<Long, Long> deadVbns = new TreeMap<>();
    private final TreeMap<Long, Long> spaceVbns = new TreeMap<>();
    private final List<Long> droppedDead = new ArrayList<>();

    SystemStage(
            CpContext context,
            CpId cp,
            VbnAllocator allocator,
            CpOutput output,
            VolumeRoot before,
            Consumer<@Nullable Result> done) {
        this.context = context;
        this.cp = cp;
        this.allocator = allocator;
        this.output = output;
        this.before = before;
        this.done = done;
        this.stateEditor = editor(before.state());
        this.deadEditor = editor(before.dead());
        this.spaceEditor = editor(before.space());
    }

    /// The editors, to keep their nodes once they are committed.
    List<TreeEditor> editors() {
        return List.of(stateEditor, deadEditor, spaceEditor);
    }

    void run(StateFile state) {
        ByteBuffer bytes = state.encode();
        long blocksBefore = Blocks.roundUp(before.stateBytes());
        long blocksNow = Blocks.roundUp(bytes.remaining());
        long[] indices = count(Math.max(blocksBefore, blocksNow));
        stateEditor.growTo(indices.length);
        stateEditor.load(
                indices,
                indices.length,
                orLost(
                        () ->
                                allocator.prepare(
                                        blocksNow,
                                        orLost(() -> writeState(bytes, indices.length)))));
    }

    /// Goes on with `next`, or ends because something cannot be read from any disk.
    private Consumer<Boolean> orLost(Runnable next) {
        return whole -> {
            if (whole) {
                next.run();
            } else {
                done.accept(null);
            }
        };
    }

    private void writeState(ByteBuffer bytes, long blocks) {
        int length = bytes.remaining();
        placeState(bytes, blocks);
        stateEditor.assign(
                allocator,
                orLost(() -> stateEditor.encode(output, root -> settleMaps(root, length))));
    }

    private void placeState(ByteBuffer bytes, long blocks) {
        for (long index = 0; index < blocks; index++) {
            BlockPointer old = stateEditor.get(index);
            if (old.isAllocated()) {
                allocator.died(old);
            }
            BlockPointer now = BlockPointer.HOLE;
            if (bytes.hasRemaining()) {
                ByteBuffer block = context.pool().takeZeroed();
                int length = Math.min(Blocks.SIZE, bytes.remaining());
                block.put(0, bytes, bytes.position(), length);
                bytes.position(bytes.position() + length);
                now = BlockPointer.to(allocator.allocate(), Crc32c.of(block, 0, Blocks.SIZE), cp);
                output.file(now, block);
            }
            stateEditor.set(index, now);
        }
    }

    private void settleMaps(TreeRoot state, long stateBytes) {
        deadEditor.growTo(context.dead().span() + DEAD_GROWTH_BLOCKS);
        spaceEditor.growTo(SpaceMap.pages(context.map().size()));
        round(
                () ->
                        deadEditor.encode(
                                output,
                                dead ->
                                        spaceEditor.encode(
                                                output,
                                                space -> {
                                                    context.dead().settle();
                                                    done.accept(
                                                            new Result(
                                                                    state,
                                                                    dead,
                                                                    space,
                                                                    stateBytes));
                                                })));
    }

    /// Gives VBNs to map and dead blocks that have changed and have none; repeats until there are
    /// none.
    private void round(Runnable atRest) {
        long[] dead = newDead();
        long[] dropped = newlyDropped();
        long[] space = newSpace();
        if (dead.length == 0 && dropped.length == 0 && space.length == 0) {
            // Only pages that have changed anyway get VBNs back.
            context.allocator().giveBack();
            writeContents();
            atRest.run();
            return;
        }
        long[] deadTouched = Arrays.copyOf(dead, dead.length + dropped.length);
        System.arraycopy(dropped, 0, deadTouched, dead.length, dropped.length);
        Arrays.sort(deadTouched);
        Runnable place =
                () -> {
                    for (long index : dropped) {
                        replace(deadEditor, index, 0);
                        droppedDead.add(index);
                    }
                    give(deadEditor, dead, deadVbns);
                    give(spaceEditor, space, spaceVbns);
                    deadEditor.assign(
                            allocator,
                            orLost(
                                    () ->
                                            spaceEditor.assign(
                                                    allocator, orLost(() -> round(atRest)))));
                };
        Runnable prepare = () -> allocator.prepare(dead.length + space.length, orLost(place));
        deadEditor.load(
                deadTouched,
                deadTouched.length,
                orLost(() -> spaceEditor.load(space, space.length, orLost(prepare))));
    }

    private void give(TreeEditor editor, long[] indices, Map<Long, Long> vbns) {
        for (long index : indices) {
            long vbn = allocator.allocate();
            vbns.put(index, vbn);
            replace(editor, index, vbn);
        }
    }

    private void replace(TreeEditor editor, long index, long vbn) {
        BlockPointer old = editor.get(index);
        if (old.isAllocated()) {
            allocator.died(old);
        }
        editor.set(index, vbn == 0 ? BlockPointer.HOLE : BlockPointer.to(vbn, 0, cp));
    }

    /// Nothing is allocated or freed any more: contents are final.
    private void writeContents() {
        deadVbns.forEach(
                (index, vbn) -> {
                    ByteBuffer block = context.pool().take();
                    context.dead().write(index, block);
                    finish(deadEditor, index, vbn, block);
                });
        spaceVbns.forEach(
                (index, vbn) -> {
                    ByteBuffer block = context.pool().take();
                    context.map().write(Math.toIntExact(index), block);
                    finish(spaceEditor, index, vbn, block);
                });
    }

    private void finish(TreeEditor editor, long index, long vbn, ByteBuffer block) {
        BlockPointer pointer = BlockPointer.to(vbn, Crc32c.of(block, 0, Blocks.SIZE), cp);
        editor.set(index, pointer);
        output.file(pointer, block);
    }

    private long[] newDead() {
        return context.dead().changedBlocks().stream()
                .filter(index -> !deadVbns.containsKey(index))
                .mapToLong(Long::longValue)
                .toArray();
    }

    private long[] newlyDropped() {
        return context.dead().droppedBlocks().stream()
                .filter(index -> !droppedDead.contains(index))
                .mapToLong(Long::longValue)
                .toArray();
    }

    private long[] newSpace() {
        List<Long> found = new ArrayList<>();
        int at = context.map().nextChanged(0);
        while (at >= 0) {
            if (!spaceVbns.containsKey((long) at)) {
                found.add((long) at);
            }
            at = context.map().nextChanged(at + 1);
        }
        return found.stream().mapToLong(Long::longValue).toArray();
    }

    private TreeEditor editor(TreeRoot root) {
        return new TreeEditor(root, cp, context.reader(), context.pool(), context.loop());
    }

    private static long[] count(long blocks) {
        long[] indices = new long[Math.toIntExact(blocks)];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = i;
        }
        return indices;
    }
}
