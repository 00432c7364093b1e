package lockstep.blockstore.cp;

import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.tree.TreeReader;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// Reads a system file of a committed image, block by block from its first.
final class SystemFileReader {
    /// Takes the blocks.
    interface FileBlock {
        /// Takes block `index` (null: a hole). Returns whether it makes sense.
        boolean take(long index, @Nullable ByteBuffer borrowed);
    }

    private final BlockReader reader;
    private final FileBlock consumer;
    private final Consumer<Boolean> done;

    private SystemFileReader(BlockReader reader, FileBlock consumer, Consumer<Boolean> done) {
        this.reader = reader;
        this.consumer = consumer;
        this.done = done;
    }

    /// Gives the `blocks` blocks of `tree` to `consumer`, then calls `done`: with false, as soon as
    /// one cannot be read or makes no sense.
    static void read(
            BlockReader reader,
            TreeRoot tree,
            long blocks,
            FileBlock consumer,
            Consumer<Boolean> done) {
        SystemFileReader reading = new SystemFileReader(reader, consumer, done);
        new TreeReader(reader)
                .find(
                        tree,
                        0,
                        Math.toIntExact(blocks),
                        pointers -> {
                            if (pointers == null) {
                                done.accept(false);
                            } else {
                                reading.from(pointers, 0);
                            }
                        });
    }

    private void from(BlockPointer[] pointers, int first) {
        for (int at = first; at < pointers.length; at++) {
            BlockPointer pointer = pointers[at];
            ByteBuffer known = pointer.isHole() ? null : reader.cached(pointer);
            if (!pointer.isHole() && known == null) {
                int index = at;
                reader.read(
                        pointer,
                        block -> {
                            if (block == null || !consumer.take(index, block)) {
                                done.accept(false);
                            } else {
                                from(pointers, index + 1);
                            }
                        });
                return;
            }
            if (!consumer.take(at, known)) {
                done.accept(false);
                return;
            }
        }
        done.accept(true);
    }
}
