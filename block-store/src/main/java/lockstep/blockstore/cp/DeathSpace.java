package lockstep.blockstore.cp;

import lockstep.blockstore.tree.TreeRoot;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Where an image keeps the dead lists of its snapshots, and what waits to be drained: `freed`
/// lists blocks that no snapshot needs any more, `dropped` lists blocks that came alive again by a
/// restore and is only taken apart, `drains` are trees.
///
/// ```
/// | root (28) | next index (8) | freed (24) | dropped (24) | drains (4) | drain ... |
/// ```
public record DeathSpace(
        TreeRoot file, long nextIndex, Chain freed, Chain dropped, List<Drain> drains) {
    /// Of a volume without snapshots.
    static final DeathSpace EMPTY =
            new DeathSpace(
                    TreeRoot.empty(VolumeRoot.DEATH_TREE, 1),
                    0,
                    Chain.EMPTY,
                    Chain.EMPTY,
                    List.of());

    public DeathSpace {
        drains = List.copyOf(drains);
    }

    /// Whether something waits to be drained.
    public boolean isDraining() {
        return !freed.isEmpty() || !dropped.isEmpty() || !drains.isEmpty();
    }

    /// Dead blocks of deleted snapshots that wait to become free.
    public long freedBlocks() {
        return freed.blocks();
    }

    int bytes() {
        return TreeRoot.BYTES + 8 + 2 * Chain.BYTES + 4 + drains.size() * Drain.BYTES;
    }

    void put(ByteBuffer out) {
        file.put(out);
        out.putLong(nextIndex);
        freed.put(out);
        dropped.put(out);
        out.putInt(drains.size());
        drains.forEach(drain -> drain.put(out));
    }

    static DeathSpace get(ByteBuffer in) {
        TreeRoot file = TreeRoot.get(VolumeRoot.DEATH_TREE, in);
        long nextIndex = in.getLong();
        Chain freed = Chain.get(in);
        Chain dropped = Chain.get(in);
        int count = in.getInt();
        List<Drain> drains = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            drains.add(Drain.get(in));
        }
        return new DeathSpace(file, nextIndex, freed, dropped, drains);
    }
}
