package lockstep.blockstore.volume;

import lockstep.blockstore.cp.Drain;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.IntConsumer;

/// The volume's state beyond blocks as of the newest log entry: its LUNs, their snapshots, and
/// named values. It changes only by entries `Put`, so it survives what the log survives; a key
/// `lun/N` makes, changes or deletes LUN N, and [SnapshotStep#KEY] changes snapshots. A key
/// `of/IDENTITY/NAME` belongs to the LUN of that identity and goes with it.
///
/// A LUN's record as a value: | identity (16) | size (8) | name: UTF-8 |; an empty value deletes
/// the LUN.
final class LunTable {
    private static final String LUN_KEY = "lun/";
    private static final String OF_LUN = "of/";

    private final @Nullable LunState[] luns = new LunState[LunRecord.NUMBERS];
    private final TreeMap<String, byte[]> values = new TreeMap<>();
    private final List<Snapshot> snapshots = new ArrayList<>();
    private final List<Drain> deleted = new ArrayList<>();
    private final List<UUID> restored = new ArrayList<>();
    private long restores;

    LunTable(StateFile file) {
        for (LunState lun : file.luns()) {
            luns[lun.record().number()] = lun;
        }
        values.putAll(file.values());
        snapshots.addAll(file.snapshots());
    }

    @Nullable LunState find(int number) {
        return LunRecord.isNumber(number) ? luns[number] : null;
    }

    @Nullable LunState find(UUID identity) {
        for (LunState lun : luns) {
            if (lun != null && lun.identity().equals(identity)) {
                return lun;
            }
        }
        return null;
    }

    List<LunState> list() {
        List<LunState> present = new ArrayList<>();
        for (LunState lun : luns) {
            if (lun != null) {
                present.add(lun);
            }
        }
        return present;
    }

    SortedMap<String, byte[]> values() {
        return values;
    }

    /// All snapshots, oldest first.
    List<Snapshot> snapshots() {
        return List.copyOf(snapshots);
    }

    int snapshotCount() {
        return snapshots.size();
    }

    @Nullable Snapshot snapshot(UUID identity) {
        for (Snapshot snapshot : snapshots) {
            if (snapshot.identity().equals(identity)) {
                return snapshot;
            }
        }
        return null;
    }

    /// The values that belong to the volume and to none of its LUNs.
    SortedMap<String, ByteBuffer> ownValues() {
        SortedMap<String, ByteBuffer> own = new TreeMap<>();
        values.forEach(
                (key, value) -> {
                    if (!key.startsWith(OF_LUN)) {
                        own.put(key, ByteBuffer.wrap(value));
                    }
                });
        return own;
    }

    /// The key that holds LUN `number`.
    static String keyOf(int number) {
        return LUN_KEY + number;
    }

    /// The key that holds `name` of the LUN of this identity.
    static String keyOf(UUID identity, String name) {
        return OF_LUN + identity + "/" + name;
    }

    /// The value that makes or changes a LUN.
    static ByteBuffer valueOf(LunRecord record) {
        byte[] name = record.name().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(24 + name.length);
        out.putLong(record.identity().getMostSignificantBits());
        out.putLong(record.identity().getLeastSignificantBits());
        return out.putLong(record.size()).put(name).flip();
    }

    /// Takes in `put`. `replaced` gets the numbers of LUNs that hold something else now, or are no
    /// more: what an overlay has of them is void.
    void apply(LogEntry.Put put, IntConsumer replaced) {
        if (put.key().equals(SnapshotStep.KEY)) {
            List<SnapshotStep> steps = SnapshotStep.decode(put.value());
            if (steps != null) {
                steps.forEach(step -> apply(step, replaced));
            }
        } else if (put.key().startsWith(LUN_KEY)) {
            applyLun(put, replaced);
        } else {
            applyValue(put);
        }
    }

    private void applyLun(LogEntry.Put put, IntConsumer replaced) {
        int number = Integer.parseInt(put.key().substring(LUN_KEY.length()));
        LunState before = luns[number];
        ByteBuffer in = put.value().duplicate();
        if (!in.hasRemaining()) {
            delete(number, replaced);
            return;
        }
        UUID identity = new UUID(in.getLong(), in.getLong());
        long size = in.getLong();
        String name = StandardCharsets.UTF_8.decode(in).toString();
        if (before != null && before.identity().equals(identity)) {
            boolean readOnly = before.record().readOnly();
            luns[number] = before.with(new LunRecord(number, name, identity, size, readOnly));
            return;
        }
        delete(number, replaced);
        luns[number] = LunState.empty(new LunRecord(number, name, identity, size));
    }

    /// What a step names that is not here, it does nothing to: a mirror's table may be older than
    /// its entries.
    private void apply(SnapshotStep step, IntConsumer replaced) {
        switch (step) {
            case SnapshotStep.Take take -> {
                LunState lun = find(take.lun());
                if (lun != null && snapshot(take.identity()) == null) {
                    snapshots.add(
                            Snapshot.pending(
                                    take.identity(),
                                    take.name(),
                                    take.group(),
                                    take.origin(),
                                    take.createdMillis(),
                                    lun.record()));
                }
            }
            case SnapshotStep.Delete(var identity) ->
                    snapshots.removeIf(snapshot -> snapshot.identity().equals(identity));
            case SnapshotStep.Restore(var identity) -> restore(identity, replaced);
            case SnapshotStep.Clone(var identity, var as) -> {
                Snapshot snapshot = snapshot(identity);
                if (snapshot != null && luns[as.number()] == null) {
                    luns[as.number()] = LunState.cloneOf(snapshot, as);
                }
            }
            case SnapshotStep.DeleteLun(var identity) -> {
                LunState lun = find(identity);
                if (lun != null) {
                    delete(lun.record().number(), replaced);
                }
            }
        }
    }

    private void restore(UUID identity, IntConsumer replaced) {
        Snapshot snapshot = snapshot(identity);
        LunState lun = snapshot == null ? null : find(snapshot.lun().identity());
        if (snapshot == null || lun == null) {
            return;
        }
        int number = lun.record().number();
        deleted.add(new Drain(lun.identity(), lun.root(), snapshot.cp(), 0));
        restored.add(lun.identity());
        restores++;
        luns[number] = lun.with(snapshot.root(), snapshot.mappedBlocks(), snapshot.nodes());
        replaced.accept(number);
    }

    /// Grows whenever a LUN goes back to a snapshot: what was read of it before may be outdated.
    long restores() {
        return restores;
    }

    /// Trees that nothing reaches any more and that a consistency point has to drain; the caller
    /// takes them over.
    List<Drain> takeDeleted() {
        List<Drain> taken = List.copyOf(deleted);
        deleted.clear();
        return taken;
    }

    /// The identities of LUNs that went back to a snapshot; the caller takes them over.
    List<UUID> takeRestored() {
        List<UUID> taken = List.copyOf(restored);
        restored.clear();
        return taken;
    }

    /// A consistency point has committed this; trees and snapshots are as it says, LUNs' attributes
    /// may be newer here. A LUN that was deleted meanwhile leaves its new tree to be drained.
    void committed(StateFile committed) {
        for (LunState after : committed.luns()) {
            int number = after.record().number();
            LunState now = luns[number];
            if (now != null && now.identity().equals(after.identity())) {
                luns[number] = after.with(now.record());
            } else {
                replaceDeleted(after);
            }
        }
        // Steps wait for the end of a consistency point, so only a LUN that went can have taken
        // snapshots with it meanwhile.
        Set<UUID> kept = new HashSet<>();
        snapshots.forEach(snapshot -> kept.add(snapshot.identity()));
        snapshots.clear();
        for (Snapshot snapshot : committed.snapshots()) {
            if (kept.contains(snapshot.identity())) {
                snapshots.add(snapshot);
            }
        }
    }

    private void replaceDeleted(LunState after) {
        deleted.removeIf(drain -> drain.lun().equals(after.identity()));
        drain(after);
    }

    private void drain(LunState gone) {
        if (!gone.root().top().isHole()) {
            deleted.add(new Drain(gone.identity(), gone.root(), gone.originCp(), 0));
        }
    }

    private void delete(int number, IntConsumer replaced) {
        LunState gone = luns[number];
        if (gone == null) {
            return;
        }
        drain(gone);
        luns[number] = null;
        snapshots.removeIf(snapshot -> snapshot.lun().identity().equals(gone.identity()));
        String its = keyOf(gone.identity(), "");
        values.keySet().removeIf(key -> key.startsWith(its));
        replaced.accept(number);
    }

    /// A value of a LUN that is gone meanwhile would stay for ever.
    private boolean isOrphan(String key) {
        return key.startsWith(OF_LUN)
                && list().stream().noneMatch(lun -> key.startsWith(keyOf(lun.identity(), "")));
    }

    private void applyValue(LogEntry.Put put) {
        if (put.value().hasRemaining() && !isOrphan(put.key())) {
            byte[] bytes = new byte[put.value().remaining()];
            put.value().duplicate().get(bytes);
            values.put(put.key(), bytes);
        } else {
            values.remove(put.key());
        }
    }
}
