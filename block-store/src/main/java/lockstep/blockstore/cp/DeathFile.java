package lockstep.blockstore.cp;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.Slices;
import lockstep.blockstore.tree.TreeEditor;
import lockstep.blockstore.tree.TreeReader;
import lockstep.blockstore.tree.TreeRoot;
import lockstep.blockstore.tree.VbnAllocator;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/// The file of the snapshot dead lists, within one consistency point: blocks are brought into
/// memory as they are needed ([#fetch]), read and changed there at once, and at the end those that
/// changed get new VBNs ([#write]). It is never in memory as a whole. Indices are given out in
/// order and not used again before the file is empty.
final class DeathFile {
    private static final int READS_AT_ONCE = 32;
    private static final int FETCHES_PER_SLICE = 64;

    private final EventLoop loop;
    private final BlockPool pool;
    private final BlockReader reader;
    private final TreeRoot root;
    private final TreeMap<Long, ByteBuffer> blocks = new TreeMap<>();
    private final TreeSet<Long> changed = new TreeSet<>();
    private final TreeSet<Long> dropped = new TreeSet<>();
    private final long firstNew;
    private long nextIndex;

    /// The file at `root`, whose indices from `nextIndex` on were never given out.
    DeathFile(EventLoop loop, BlockPool pool, BlockReader reader, TreeRoot root, long nextIndex) {
        this.loop = loop;
        this.pool = pool;
        this.reader = reader;
        this.root = root;
        this.firstNew = nextIndex;
        this.nextIndex = nextIndex;
    }

    /// Brings the blocks at `indices` into memory; `done` gets false if one cannot be read.
    void fetch(Collection<Long> indices, Consumer<Boolean> done) {
        long[] missing =
                indices.stream()
                        .filter(index -> !blocks.containsKey(index))
                        .distinct()
                        .mapToLong(Long::longValue)
                        .toArray();
        new Fetch(missing, done).scan();
    }

    /// A block in memory. Look, do not change.
    ByteBuffer block(long index) {
        ByteBuffer block = blocks.get(index);
        if (block == null) {
            throw new BrokenInvariant("a block of the dead lists is fetched before it is used");
        }
        return block;
    }

    /// A block in memory that will be written.
    ByteBuffer change(long index) {
        changed.add(index);
        return block(index);
    }

    /// A new block of zeros.
    long add() {
        return add(1);
    }

    /// The first of `count` new blocks that follow each other.
    long add(int count) {
        long first = nextIndex;
        for (int i = 0; i < count; i++) {
            changed.add(nextIndex);
            blocks.put(nextIndex++, pool.takeZeroed());
        }
        return first;
    }

    /// The block is needed no more.
    void drop(long index) {
        ByteBuffer block = blocks.remove(index);
        if (block != null) {
            pool.give(block);
        }
        changed.remove(index);
        if (index < firstNew) {
            dropped.add(index);
        }
    }

    /// The index that the next new block would get.
    long nextIndex() {
        return nextIndex;
    }

    /// Gives back what [#fetch] brought, without writing anything.
    void close() {
        blocks.values().forEach(pool::give);
        blocks.clear();
    }

    /// Gives every changed block a VBN and its nodes too. `done` gets the file's new root, and the
    /// editor whose nodes are to be kept; null if a node cannot be read.
    void write(CpWrites writes, Consumer<TreeEditor> editing, Consumer<@Nullable TreeRoot> done) {
        TreeSet<Long> touched = new TreeSet<>(changed);
        touched.addAll(dropped);
        blocks.keySet().removeIf(this::givenBack);
        if (touched.isEmpty()) {
            done.accept(root);
            return;
        }
        TreeEditor editor = new TreeEditor(root, writes.cp(), reader, pool, loop);
        editing.accept(editor);
        editor.growTo(nextIndex);
        long[] indices = touched.stream().mapToLong(Long::longValue).toArray();
        Runnable lost = () -> done.accept(null);
        Runnable encode = () -> editor.encode(writes.output(), root -> done.accept(root));
        Runnable assign = () -> editor.assign(writes.allocator(), orElse(lost, encode));
        Runnable place =
                () -> {
                    for (long index : indices) {
                        place(editor, index, writes);
                    }
                    assign.run();
                };
        Runnable prepare = () -> writes.allocator().prepare(changed.size(), orElse(lost, place));
        editor.load(indices, indices.length, orElse(lost, prepare));
    }

    private static Consumer<Boolean> orElse(Runnable lost, Runnable next) {
        return whole -> (whole ? next : lost).run();
    }

    private boolean givenBack(long index) {
        if (changed.contains(index)) {
            return false;
        }
        pool.give(block(index));
        return true;
    }

    private void place(TreeEditor editor, long index, CpWrites writes) {
        VbnAllocator allocator = writes.allocator();
        BlockPointer old = editor.get(index);
        if (old.isAllocated()) {
            allocator.died(old);
        }
        ByteBuffer block = blocks.get(index);
        BlockPointer now = BlockPointer.HOLE;
        if (block != null) {
            int crc = Crc32c.of(block, 0, block.capacity());
            now = BlockPointer.to(allocator.allocate(), crc, writes.cp());
            writes.output().file(now, block);
        }
        editor.set(index, now);
    }

    /// Reads several blocks at once.
    private final class Fetch {
        private final long[] wanted;
        private final Consumer<Boolean> done;
        private int next;
        private int reading;
        private boolean scanning;
        private boolean failed;

        Fetch(long[] wanted, Consumer<Boolean> done) {
            this.wanted = wanted;
            this.done = done;
            Arrays.sort(wanted);
        }

        void scan() {
            if (!scanning) {
                scanning = true;
                Slices.run(loop, FETCHES_PER_SLICE, this::step, this::scanned);
            }
        }

        private boolean step() {
            if (next == wanted.length || reading == READS_AT_ONCE || failed) {
                return false;
            }
            long index = wanted[next++];
            reading++;
            new TreeReader(reader)
                    .find(
                            root,
                            index,
                            1,
                            pointers -> {
                                BlockPointer pointer =
                                        pointers == null ? BlockPointer.HOLE : pointers[0];
                                if (pointer.isAllocated()) {
                                    reader.read(pointer, block -> arrived(index, block));
                                } else {
                                    arrived(index, null);
                                }
                            });
            return true;
        }

        private void arrived(long index, @Nullable ByteBuffer block) {
            reading--;
            if (block == null) {
                failed = true;
            } else {
                ByteBuffer copy = pool.take();
                copy.put(0, block, 0, copy.capacity());
                blocks.put(index, copy);
            }
            scan();
        }

        private void scanned() {
            scanning = false;
            if (reading > 0) {
                return;
            }
            if (next < wanted.length && !failed) {
                scan();
            } else {
                // Not inside the call of whoever asked: many small steps would pile up.
                loop.execute(() -> done.accept(!failed));
            }
        }
    }
}
