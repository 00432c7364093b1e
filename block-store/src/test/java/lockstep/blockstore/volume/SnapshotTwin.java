package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.MalformedEntry;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;

/// What LUNs and snapshots hold after a prefix of the log, made by interpreting its entries in the
/// plainest way: a snapshot is a copy of everything. A sector is told by its first eight bytes,
/// which writers repeat all over it.
final class SnapshotTwin {
    /// A LUN or a snapshot.
    @SuppressWarnings("ArrayRecordComponent") // never compared as a record
    record Content(UUID identity, long[] sectors, boolean readOnly) {
        Content copy(UUID as, boolean protectedCopy) {
            return new Content(as, sectors.clone(), protectedCopy);
        }
    }

    /// A snapshot and whose it is.
    record Kept(UUID lun, String name, Content content) {}

    private final List<LogEntry> entries = new ArrayList<>();
    final TreeMap<Integer, Content> luns = new TreeMap<>();
    final LinkedHashMap<UUID, Kept> snapshots = new LinkedHashMap<>();

    void add(LogEntry borrowed) {
        ByteBuffer copy = ByteBuffer.allocate(EntryCodec.encodedLength(borrowed));
        EntryCodec.encode(borrowed, copy);
        try {
            LogEntry entry = EntryCodec.decode(copy.flip());
            entries.add(entry);
            apply(entry);
        } catch (MalformedEntry e) {
            throw new AssertionError(e);
        }
    }

    /// The log ends at `sequence`.
    void cut(long sequence) {
        entries.removeIf(entry -> entry.position().sequence() > sequence);
        luns.clear();
        snapshots.clear();
        entries.forEach(this::apply);
    }

    long end() {
        return entries.isEmpty() ? 0 : entries.getLast().position().sequence();
    }

    private void apply(LogEntry entry) {
        switch (entry) {
            case LogEntry.Write w -> {
                long[] sectors = find(w.lun()).sectors();
                for (int at = 0; at < w.data().remaining(); at += Blocks.SECTOR) {
                    sectors[(int) (w.offset() + at) / Blocks.SECTOR] =
                            w.data().getLong(w.data().position() + at);
                }
            }
            case LogEntry.Unmap u -> {
                int first = (int) (u.offset() / Blocks.SECTOR);
                Arrays.fill(
                        find(u.lun()).sectors(),
                        first,
                        first + (int) (u.length() / Blocks.SECTOR),
                        0);
            }
            case LogEntry.Put put -> applyPut(put);
            case LogEntry.WriteSame _ -> throw new AssertionError("not used here");
            case LogEntry.EpochOpened _ -> {}
        }
    }

    private Content find(int number) {
        return java.util.Objects.requireNonNull(luns.get(number));
    }

    private void applyPut(LogEntry.Put put) {
        if (put.key().startsWith("lun/")) {
            int number = Integer.parseInt(put.key().substring(4));
            ByteBuffer in = put.value().duplicate();
            UUID identity = new UUID(in.getLong(), in.getLong());
            int sectors = (int) (in.getLong() / Blocks.SECTOR);
            Content before = luns.get(number);
            long[] grown = before == null ? new long[sectors] : before.sectors();
            luns.put(number, new Content(identity, Arrays.copyOf(grown, sectors), false));
        } else if (put.key().equals(SnapshotStep.KEY)) {
            java.util.Objects.requireNonNull(SnapshotStep.decode(put.value()))
                    .forEach(this::applyStep);
        }
    }

    private void applyStep(SnapshotStep step) {
        switch (step) {
            case SnapshotStep.Take take -> {
                Content lun = find(numberOf(take.lun()));
                snapshots.put(
                        take.identity(),
                        new Kept(take.lun(), take.name(), lun.copy(take.identity(), true)));
            }
            case SnapshotStep.Delete(var identity) -> snapshots.remove(identity);
            case SnapshotStep.Restore(var identity) -> {
                Kept kept = java.util.Objects.requireNonNull(snapshots.get(identity));
                int number = numberOf(kept.lun());
                int size = find(number).sectors().length;
                long[] sectors = Arrays.copyOf(kept.content().sectors(), size);
                luns.put(number, new Content(kept.lun(), sectors, false));
            }
            case SnapshotStep.Clone(var identity, var as) -> {
                Kept kept = java.util.Objects.requireNonNull(snapshots.get(identity));
                luns.put(as.number(), kept.content().copy(as.identity(), as.readOnly()));
            }
            case SnapshotStep.DeleteLun(var identity) -> {
                luns.remove(numberOf(identity));
                snapshots.values().removeIf(kept -> kept.lun().equals(identity));
            }
        }
    }

    int numberOf(UUID lun) {
        for (var of : luns.entrySet()) {
            if (of.getValue().identity().equals(lun)) {
                return of.getKey();
            }
        }
        throw new AssertionError("a step names a LUN that there is");
    }
}
