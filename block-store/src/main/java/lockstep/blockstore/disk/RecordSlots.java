package lockstep.blockstore.disk;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// One record area over all members: two slots that alternate. A write goes to the slot that does
/// not hold the newest record of the volume, and that slot stays the target until a write has
/// reached every live member, so a cut-off write costs no record.
final class RecordSlots {
    private final VolumeDisks volume;
    private final RecordArea area;
    private VolumeDisks.@Nullable StoredRecord newest;
    private int newestSlot = 1;
    private boolean writing;
    private boolean repairing;
    private @Nullable Runnable afterRepair;

    RecordSlots(VolumeDisks volume, RecordArea area) {
        this.volume = volume;
        this.area = area;
    }

    VolumeDisks.@Nullable StoredRecord newest() {
        return newest;
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
        DiskRecord record = bytes == null ? null : DiskRecord.decode(area, volume.id(), bytes);
        VolumeDisks.StoredRecord best = newest;
        if (record != null && (best == null || record.order() > best.order())) {
            newest = new VolumeDisks.StoredRecord(record.order(), record.payload());
            newestSlot = slot;
        }
    }

    void write(long order, ByteBuffer payload, IoCompletion done) {
        Check.that(!writing, "records of an area are written one at a time");
        VolumeDisks.StoredRecord before = newest;
        Check.that(before == null || order >= before.order(), "the order of records only grows");
        ByteBuffer bytes = DiskRecord.encode(area, volume.id(), order, payload);
        ByteBuffer kept = ByteBuffer.allocate(payload.remaining());
        kept.put(payload.duplicate()).flip();
        writing = true;
        Runnable now = () -> writeEncoded(order, bytes, kept, done);
        if (repairing) {
            afterRepair = now;
        } else {
            now.run();
        }
    }

    private void writeEncoded(long order, ByteBuffer bytes, ByteBuffer payload, IoCompletion done) {
        VolumeDisks.StoredRecord before = newest;
        // Repeating the newest record (as every start does) goes over itself: where it stands
        // already nothing changes, and where it is torn or missing the older one stays untouched.
        boolean same =
                before != null && order == before.order() && payload.equals(before.payload());
        int slot = same ? newestSlot : 1 - newestSlot;
        Together together =
                new Together(
                        fault -> {
                            writing = false;
                            if (fault == null) {
                                newestSlot = slot;
                                newest = new VolumeDisks.StoredRecord(order, payload);
                            }
                            done.ended(fault);
                        });
        for (GroupDisks group : volume.groups()) {
            group.writeEverywhereDurably(DiskLayout.record(area, slot), bytes, together.one());
        }
        together.start();
    }

    /// Compares the copies of both slots on all members and rewrites those that are not the newest
    /// record of their slot; `found` hears of each. Nothing where a record is being written. A
    /// write that comes meanwhile waits.
    void repair(RecordScrub.Listener found, Runnable done) {
        if (writing || repairing) {
            done.run();
            return;
        }
        repairing = true;
        VolumeDisks.StoredRecord known = newest;
        long most = known == null ? -1 : known.order();
        new RecordScrub(volume, area, most, newestSlot, found)
                .run(
                        () -> {
                            repairing = false;
                            Runnable waiting = afterRepair;
                            afterRepair = null;
                            done.run();
                            if (waiting != null) {
                                waiting.run();
                            }
                        });
    }
}
