package lockstep.blockstore.cp;

import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.tree.TreeDrain;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/// Lets a bounded number of blocks die that nothing reaches any more: those that deleted snapshots
/// leave behind, then those of deleted trees. What is left waits for the next consistency point, so
/// that none becomes long because something large was deleted.
final class DrainStage {
    /// What is left.
    record Left(Chain freed, Chain dropped, List<Drain> drains) {}

    private final CpContext context;
    private final CpWrites writes;
    private final DeathFile file;
    private final List<Drain> drains;
    private final Consumer<@Nullable Left> done;
    private Chain freed;
    private Chain dropped;
    private long budget;

    /// `drains` is changed; `done` gets null if a block of the lists cannot be read.
    DrainStage(
            CpContext context,
            CpWrites writes,
            DeathFile file,
            Chain freed,
            Chain dropped,
            List<Drain> drains,
            Consumer<@Nullable Left> done) {
        this.context = context;
        this.writes = writes;
        this.file = file;
        this.freed = freed;
        this.dropped = dropped;
        this.drains = drains;
        this.done = done;
        this.budget = context.drainBlocks();
    }

    void run() {
        if (budget <= 0) {
            end();
        } else if (!freed.isEmpty()) {
            file.fetch(List.of(freed.first()), whole -> take(whole, freed.first(), this::free));
        } else if (!dropped.isEmpty()) {
            file.fetch(List.of(dropped.first()), whole -> take(whole, dropped.first(), this::drop));
        } else if (!drains.isEmpty()) {
            walk(drains.getFirst());
        } else {
            end();
        }
    }

    private void end() {
        done.accept(new Left(freed, dropped, List.copyOf(drains)));
    }

    private void take(boolean whole, long index, Consumer<ByteBuffer> use) {
        if (!whole || !Chain.isBlock(file.block(index))) {
            done.accept(null);
            return;
        }
        ByteBuffer block = file.block(index);
        budget -= Chain.count(block);
        use.accept(block);
        file.drop(index);
        run();
    }

    private void free(ByteBuffer block) {
        for (int i = 0; i < Chain.count(block); i++) {
            writes.allocator().died(Chain.entry(block, i));
        }
        freed = freed.withoutFirst(Chain.next(block), Chain.count(block));
    }

    private void drop(ByteBuffer block) {
        dropped = dropped.withoutFirst(Chain.next(block), Chain.count(block));
    }

    private void walk(Drain drain) {
        TreeDrain tree =
                new TreeDrain(
                        drain.root(),
                        drain.since(),
                        drain.cursor(),
                        context.reader(),
                        context.pool(),
                        context.loop());
        tree.run(budget, this::died, (cursor, left) -> walked(drain, cursor, left));
    }

    private void died(BlockPointer pointer) {
        writes.allocator().died(pointer);
    }

    private void walked(Drain drain, long cursor, long left) {
        budget = left;
        if (cursor == TreeDrain.DONE) {
            drains.removeFirst();
        } else {
            drains.set(0, drain.at(cursor));
        }
        run();
    }
}
