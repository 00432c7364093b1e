package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.cp.Bucket.Birth;
import lockstep.blockstore.tree.VbnAllocator;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/// What becomes of the blocks that a LUN's tree loses in one consistency point. One that was born
/// no later than the LUN's newest snapshot is that snapshot's, and goes on the LUN's list; one that
/// a clone has from its origin is the origin's, and nothing is done about it; any other one is dead
/// like a block of a system file.
final class Deaths implements VbnAllocator {
    private final CpWrites writes;
    private final CpId origin;
    private final List<CpId> snapshots;
    private final TreeMap<Birth, List<BlockPointer>> kept = new TreeMap<>();

    /// For a LUN with these `snapshots`, oldest first, and this `origin`.
    Deaths(CpWrites writes, CpId origin, List<CpId> snapshots) {
        this.writes = writes;
        this.origin = origin;
        this.snapshots = snapshots;
    }

    @Override
    public void prepare(long blocks, Consumer<Boolean> done) {
        writes.allocator().prepare(blocks, done);
    }

    @Override
    public long allocate() {
        return writes.allocator().allocate();
    }

    @Override
    public void died(BlockPointer replaced) {
        if (!replaced.bornAfter(origin)) {
            return;
        }
        int first = firstThatHas(replaced);
        if (first == snapshots.size()) {
            writes.allocator().died(replaced);
        } else {
            Birth born = Birth.of(snapshots.get(first));
            kept.computeIfAbsent(born, _ -> new ArrayList<>()).add(replaced);
        }
    }

    /// The blocks for the LUN's list, by bucket.
    SortedMap<Birth, List<BlockPointer>> kept() {
        return kept;
    }

    /// The oldest snapshot not older than the block: all from there on have it.
    private int firstThatHas(BlockPointer block) {
        int low = 0;
        int high = snapshots.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (block.bornAfter(snapshots.get(middle))) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
