package lockstep.blockstore.cp;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.io.Slices;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/// The blocks that the active image does not reach any more and that are still used: because the
/// consistency point before still needs them for a crash, or because a pin does. A block with birth
/// `b` that died in `d` is needed by every pinned consistency point `p` with `b ≤ p < d`.
///
/// On disk it is a file of blocks: count (4), four bytes of zeros, then entries of 32 bytes:
///
/// ```
/// | vbn (8) | birth epoch (4) | died epoch (4) | birth count (8) | died count (8) |
/// ```
///
/// A block of the file is written once and dropped as a whole; what survives of it moves to a new
/// one.
public final class DeadList {
    static final int ENTRIES_PER_BLOCK = 127;
    private static final int HEADER = 8;
    private static final int ENTRY = 32;

    /// One dead block.
    private record Entry(BlockPointer block, int diedEpoch, long diedCount) {}

    private final TreeMap<Long, List<Entry>> blocks = new TreeMap<>();
    private final TreeSet<Long> toWrite = new TreeSet<>();
    private final TreeSet<Long> toDrop = new TreeSet<>();
    private long nextIndex;
    private long entries;

    /// The pins of the last walk, and the blocks that took entries since.
    private List<CpId> sweptFor = List.of();

    private final TreeSet<Long> sinceSweep = new TreeSet<>();

    /// Notes that `block` died in `died`.
    void add(BlockPointer block, CpId died) {
        append(new Entry(block, died.epoch().counter(), died.count()));
        sinceSweep.add(blocks.lastKey());
        entries++;
    }

    /// A walk that takes out every entry that no pin needs and gives its VBN to `freed`; nothing
    /// else is done with the list until it has ended. All entries died in a consistency point that
    /// is committed, so only pins can still need them: what the same pins needed before they need
    /// still, and only what died since is looked at.
    Slices.Step sweep(Pins pins, LongConsumer freed) {
        List<CpId> now = pins.list().stream().map(Pin::cp).toList();
        Collection<Long> where = now.equals(sweptFor) ? sinceSweep : blocks.keySet();
        Sweep sweep = new Sweep(pins, freed, List.copyOf(where));
        sweptFor = now;
        sinceSweep.clear();
        return sweep;
    }

    /// Block by block: first what is freed goes, then what stays of its blocks moves.
    private final class Sweep implements Slices.Step {
        private final Pins pins;
        private final LongConsumer freed;
        private final Iterator<Long> left;
        private final ArrayDeque<Entry> moved = new ArrayDeque<>();
        private boolean moving;

        Sweep(Pins pins, LongConsumer freed, List<Long> where) {
            this.pins = pins;
            this.freed = freed;
            this.left = where.iterator();
        }

        @Override
        public boolean run() {
            if (left.hasNext()) {
                sweep(left.next());
                return true;
            }
            if (!moving && blocks.isEmpty()) {
                nextIndex = 0;
            }
            moving = true;
            for (int i = 0; i < ENTRIES_PER_BLOCK && !moved.isEmpty(); i++) {
                append(moved.remove());
            }
            return !moved.isEmpty();
        }

        private void sweep(long index) {
            List<Entry> content = blocks.getOrDefault(index, List.of());
            List<Entry> kept = new ArrayList<>();
            for (Entry entry : content) {
                BlockPointer block = entry.block;
                if (pins.need(
                        block.birthEpoch(), block.birthCount(), entry.diedEpoch, entry.diedCount)) {
                    kept.add(entry);
                } else {
                    freed.accept(block.vbn());
                }
            }
            if (kept.size() < content.size()) {
                entries -= content.size() - kept.size();
                drop(index);
                moved.addAll(kept);
            }
        }
    }

    /// Blocks of the file that have to be written in this consistency point.
    List<Long> changedBlocks() {
        return List.copyOf(toWrite);
    }

    /// Blocks of the file that became holes and are not written again.
    List<Long> droppedBlocks() {
        List<Long> dropped = new ArrayList<>(toDrop);
        dropped.removeAll(toWrite);
        return dropped;
    }

    /// One more than the highest index in the file.
    long span() {
        return blocks.isEmpty() ? 0 : blocks.lastKey() + 1;
    }

    /// Dead blocks listed.
    public long entries() {
        return entries;
    }

    /// Writes block `index` of the file.
    void write(long index, ByteBuffer into) {
        lockstep.blockstore.base.BlockPool.clear(into);
        List<Entry> content = blocks.getOrDefault(index, List.of());
        into.putInt(0, content.size());
        int at = HEADER;
        for (Entry entry : content) {
            BlockPointer block = entry.block;
            into.putLong(at, block.vbn()).putInt(at + 8, block.birthEpoch());
            into.putInt(at + 12, entry.diedEpoch).putLong(at + 16, block.birthCount());
            into.putLong(at + 24, entry.diedCount);
            at += ENTRY;
        }
    }

    /// All changes are written.
    void settle() {
        toWrite.clear();
        toDrop.clear();
    }

    /// Takes block `index` of the file over from disk. Returns false if it makes no sense.
    boolean read(long index, ByteBuffer borrowed) {
        int count = borrowed.getInt(0);
        if (count < 0 || count > ENTRIES_PER_BLOCK || borrowed.limit() < Blocks.SIZE) {
            return false;
        }
        List<Entry> content = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int at = HEADER + i * ENTRY;
            BlockPointer block =
                    new BlockPointer(
                            borrowed.getLong(at),
                            0,
                            borrowed.getInt(at + 8),
                            borrowed.getLong(at + 16));
            content.add(new Entry(block, borrowed.getInt(at + 12), borrowed.getLong(at + 24)));
        }
        blocks.put(index, content);
        sinceSweep.add(index);
        entries += count;
        nextIndex = Math.max(nextIndex, index + 1);
        return true;
    }

    /// Every listed VBN, in no special order.
    public void forEach(LongConsumer consumer) {
        for (List<Entry> content : blocks.values()) {
            for (Entry entry : content) {
                consumer.accept(entry.block.vbn());
            }
        }
    }

    private void append(Entry entry) {
        Map.Entry<Long, List<Entry>> last = blocks.lastEntry();
        List<Entry> tail;
        // Only a block that this consistency point writes anyway takes more entries.
        if (last != null
                && toWrite.contains(last.getKey())
                && last.getValue().size() < ENTRIES_PER_BLOCK) {
            tail = last.getValue();
        } else {
            tail = new ArrayList<>();
            toWrite.add(nextIndex);
            blocks.put(nextIndex++, tail);
        }
        tail.add(entry);
    }

    private void drop(long index) {
        if (blocks.remove(index) != null) {
            toWrite.remove(index);
            sinceSweep.remove(index);
            toDrop.add(index);
        }
    }
}
