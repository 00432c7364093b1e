package lockstep.blockstore.disk;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// One record area over all members: two slots that alternate. A write goes to the slot that does
/// not hold the newest record of the volume, and that slot stays the target until a write has
/// reached every live member, so a cut-off write costs no record.
final class RecordSlots {
    private final VolumeDisks volume;
    private final RecordArea area;
    private VolumeDisks.@Nullable StoredRecord newest;
    // What stands in the other slot.
    private VolumeDisks.@Nullable StoredRecord older;
    private int newestSlot = 1;
    private boolean writing;
    private int otherVersion;
    private @Nullable Runnable next;
    // Of disks that have just come: the next write to begin reaches them too.
    private final List<IoCompletion> repeats = new ArrayList<>();

    RecordSlots(VolumeDisks volume, RecordArea area) {
        this.volume = volume;
        this.area = area;
    }

    VolumeDisks.@Nullable StoredRecord newest() {
        return newest;
    }

    /// The version of a record that this program does not know, or 0. An older record beside it is
    /// not the newest.
    int otherVersion() {
        return otherVersion;
    }

    void load(IoCompletion done) {
        Together together = new Together(done);
        for (GroupDisks group : volume.groups()) {
            for (int slot = 0; slot < 2; slot++) {
                loadSlot(group, slot, together.one());
            }
        }
        together.start();
    }

    private void loadSlot(GroupDisks group, int slot, IoCompletion done) {
        @Nullable ByteBuffer[] found = new @Nullable ByteBuffer[group.slots()];
        for (int i = 0; i < found.length; i++) {
            found[i] = ByteBuffer.allocate(area.slotBytes());
        }
        group.readEverywhere(
                DiskLayout.record(area, slot),
                found,
                () -> {
                    for (ByteBuffer bytes : found) {
                        take(bytes, slot);
                    }
                    done.ended(null);
                });
    }

    private void take(@Nullable ByteBuffer bytes, int slot) {
        if (bytes != null) {
            otherVersion = Math.max(otherVersion, DiskRecord.otherVersion(bytes));
        }
        DiskRecord record = bytes == null ? null : DiskRecord.decode(area, volume.id(), bytes);
        VolumeDisks.StoredRecord best = newest;
        if (record == null) {
            return;
        }
        VolumeDisks.StoredRecord stored =
                new VolumeDisks.StoredRecord(record.order(), record.payload());
        if (best == null || record.order() > best.order()) {
            older = best == null || newestSlot == slot ? older : best;
            newest = stored;
            newestSlot = slot;
        } else if (slot != newestSlot && isNewerThanOlder(record.order())) {
            older = stored;
        }
    }

    private boolean isNewerThanOlder(long order) {
        VolumeDisks.StoredRecord known = older;
        return known == null || order > known.order();
    }

    void write(long order, ByteBuffer payload, IoCompletion done) {
        Check.that(next == null, "records of an area are written one at a time");
        ByteBuffer kept = ByteBuffer.allocate(payload.remaining());
        kept.put(payload.duplicate()).flip();
        next = () -> start(new VolumeDisks.StoredRecord(order, kept), done);
        goOn();
    }

    /// Writes the newest record once more, and the one before it, for a disk that has just come:
    /// both its slots are those of the others then. What is under way did not count it, and what is
    /// newest is only known when that has ended.
    void repeat(IoCompletion done) {
        repeats.add(done);
        goOn();
    }

    private void goOn() {
        if (writing) {
            return;
        }
        Runnable waiting = next;
        VolumeDisks.StoredRecord record = newest;
        next = null;
        if (waiting != null) {
            waiting.run();
        } else if (!repeats.isEmpty() && record != null) {
            start(record, _ -> {});
        } else {
            takeRepeats().forEach(one -> one.ended(null));
        }
    }

    private List<IoCompletion> takeRepeats() {
        List<IoCompletion> taken = List.copyOf(repeats);
        repeats.clear();
        return taken;
    }

    private void start(VolumeDisks.StoredRecord record, IoCompletion done) {
        VolumeDisks.StoredRecord before = newest;
        boolean grows = before == null || record.order() >= before.order();
        Check.that(grows, "the order of records only grows");
        // Repeating the newest record (as every start does) goes over itself: where it stands
        // already nothing changes, and where it is torn or missing the older one stays untouched.
        boolean same =
                before != null
                        && record.order() == before.order()
                        && record.payload().equals(before.payload());
        int slot = same ? newestSlot : 1 - newestSlot;
        ByteBuffer bytes = DiskRecord.encode(area, volume.id(), record.order(), record.payload());
        List<IoCompletion> repeated = takeRepeats();
        writing = true;
        Together together =
                new Together(
                        fault -> {
                            writing = false;
                            if (fault == null) {
                                older = same ? older : before;
                                newestSlot = slot;
                                newest = record;
                            }
                            repeatOlder(repeated, fault);
                            done.ended(fault);
                        });
        for (GroupDisks group : volume.groups()) {
            group.writeEverywhereDurably(DiskLayout.record(area, slot), bytes, together.one());
        }
        together.start();
    }

    // The newest is on all members, so nothing relies on the slot that is written over.
    private void repeatOlder(List<IoCompletion> repeated, @Nullable IoFault fault) {
        VolumeDisks.StoredRecord known = older;
        if (fault != null || repeated.isEmpty() || known == null) {
            goOn();
            repeated.forEach(one -> one.ended(fault));
            return;
        }
        ByteBuffer bytes = DiskRecord.encode(area, volume.id(), known.order(), known.payload());
        int slot = 1 - newestSlot;
        writing = true;
        Together together =
                new Together(
                        late -> {
                            writing = false;
                            goOn();
                            repeated.forEach(one -> one.ended(late));
                        });
        for (GroupDisks group : volume.groups()) {
            group.writeEverywhereDurably(DiskLayout.record(area, slot), bytes, together.one());
        }
        together.start();
    }

    /// [#repair] for one area after the other.
    static void repairAll(List<RecordSlots> areas, RecordScrub.Listener found, Runnable done) {
        if (areas.isEmpty()) {
            done.run();
        } else {
            List<RecordSlots> others = areas.subList(1, areas.size());
            areas.getFirst().repair(found, () -> repairAll(others, found, done));
        }
    }

    /// Compares the copies of both slots on all members and rewrites those that are not the newest
    /// record of their slot; `found` hears of each. Nothing where a record is being written. A
    /// write that comes meanwhile waits.
    void repair(RecordScrub.Listener found, Runnable done) {
        if (writing) {
            done.run();
            return;
        }
        writing = true;
        VolumeDisks.StoredRecord known = newest;
        long most = known == null ? -1 : known.order();
        new RecordScrub(volume, area, most, newestSlot, found)
                .run(
                        () -> {
                            writing = false;
                            goOn();
                            done.run();
                        });
    }
}
