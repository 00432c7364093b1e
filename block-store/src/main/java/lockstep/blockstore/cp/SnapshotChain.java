package lockstep.blockstore.cp;

import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.base.CpId;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/// A LUN's snapshots, oldest first, and behind them the LUN itself: the owners of its dead lists,
/// with the tables of those that this consistency point changes or asks. An owner is named by its
/// identity.
final class SnapshotChain {
    private final LunState lun;
    private final DeathFile file;
    private final List<Snapshot> snapshots = new ArrayList<>();
    private final Map<UUID, DeathTable> tables = new HashMap<>();

    /// The chain of `lun` among the snapshots `all`, which are in the order of their age.
    SnapshotChain(LunState lun, List<Snapshot> all, DeathFile file) {
        this.lun = lun;
        this.file = file;
        for (Snapshot snapshot : all) {
            if (snapshot.lun().identity().equals(lun.identity())) {
                snapshots.add(snapshot);
            }
        }
    }

    boolean isEmpty() {
        return snapshots.isEmpty();
    }

    /// Whose chain it is, and the name of its last owner.
    UUID lun() {
        return lun.identity();
    }

    List<Snapshot> snapshots() {
        return List.copyOf(snapshots);
    }

    /// Brings the tables into memory that the deletion of `going` changes and asks, and the LUN's
    /// own.
    void load(List<Snapshot> going, Consumer<Boolean> done) {
        Map<UUID, DeathList> wanted = new HashMap<>();
        wanted.put(lun.identity(), lun.dead());
        for (int i = 0; i < snapshots.size(); i++) {
            // Its own, that of the one behind it, and of the one behind that, which tells what is
            // unique then.
            boolean isWanted = false;
            for (int back = 0; back <= 2 && back <= i; back++) {
                isWanted |= going.contains(snapshots.get(i - back));
            }
            if (isWanted) {
                wanted.put(snapshots.get(i).identity(), snapshots.get(i).dead());
            }
        }
        List<Long> indices = new ArrayList<>();
        for (DeathList list : wanted.values()) {
            for (long index : DeathTable.indices(list)) {
                indices.add(index);
            }
        }
        file.fetch(indices, whole -> done.accept(whole && read(wanted)));
    }

    private boolean read(Map<UUID, DeathList> wanted) {
        for (Map.Entry<UUID, DeathList> owner : wanted.entrySet()) {
            DeathTable table = DeathTable.read(owner.getValue(), file);
            if (table == null) {
                return false;
            }
            tables.put(owner.getKey(), table);
        }
        return true;
    }

    DeathTable table(UUID owner) {
        DeathTable table = tables.get(owner);
        if (table == null) {
            throw new BrokenInvariant("a table of dead lists is loaded before it is used");
        }
        return table;
    }

    /// The owner behind `snapshot`.
    UUID after(Snapshot snapshot) {
        int next = snapshots.indexOf(snapshot) + 1;
        return next == snapshots.size() ? lun.identity() : snapshots.get(next).identity();
    }

    /// What was born no later than this is not `snapshot`'s alone.
    CpId before(Snapshot snapshot) {
        return before(snapshots.indexOf(snapshot));
    }

    private CpId before(int index) {
        return index == 0 ? lun.originCp() : snapshots.get(index - 1).cp();
    }

    void remove(Snapshot snapshot) {
        snapshots.remove(snapshot);
        tables.remove(snapshot.identity());
    }

    /// Writes the tables that have changed. Returns the snapshots with what has become of them.
    List<Snapshot> store() {
        List<Snapshot> stored = new ArrayList<>();
        for (int i = 0; i < snapshots.size(); i++) {
            Snapshot snapshot = snapshots.get(i);
            DeathTable own = tables.get(snapshot.identity());
            DeathTable next = tables.get(after(snapshot));
            if (next != null) {
                snapshot = snapshot.withUnique(next.blocks(before(i), snapshot.cp()));
            }
            stored.add(own == null ? snapshot : snapshot.with(own.store(file)));
        }
        return stored;
    }

    /// The LUN's own list, after [#store].
    DeathList headList() {
        DeathTable table = tables.get(lun.identity());
        return table == null ? lun.dead() : table.store(file);
    }
}
