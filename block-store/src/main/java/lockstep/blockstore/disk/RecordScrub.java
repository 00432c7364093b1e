package lockstep.blockstore.disk;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Makes the copies of one record area the same on all members, slot by slot: the newest whole
/// record of a slot is the right one, and in the slot of the volume's newest record it is that one.
/// The other slot holds the record before it, which nothing relies on once the newest is on all
/// members; it is kept whole too, so that a torn write of the next one always finds what it should.
///
/// A copy that is rewritten was wrong before, so a crash in the middle of it costs nothing.
public final class RecordScrub {
    /// Hears of each copy that was rewritten.
    public interface Listener {
        /// Block `block` of the member's device was not as the other members have it.
        void rewritten(int group, int slot, long block, String what);
    }

    private final VolumeDisks volume;
    private final RecordArea area;
    private final long newestOrder;
    private final int newestSlot;
    private final Listener found;

    RecordScrub(
            VolumeDisks volume, RecordArea area, long newestOrder, int newestSlot, Listener found) {
        this.volume = volume;
        this.area = area;
        this.newestOrder = newestOrder;
        this.newestSlot = newestSlot;
        this.found = found;
    }

    void run(Runnable done) {
        if (newestOrder < 0) {
            done.run();
            return;
        }
        scrubSlot(0, () -> scrubSlot(1, done));
    }

    private void scrubSlot(int slot, Runnable done) {
        int groups = volume.groups().size();
        @Nullable ByteBuffer[][] copies = new @Nullable ByteBuffer[groups][];
        Together reads = new Together(_ -> compare(slot, copies, done));
        for (GroupDisks group : volume.groups()) {
            @Nullable ByteBuffer[] mine = new @Nullable ByteBuffer[group.slots()];
            for (int i = 0; i < mine.length; i++) {
                mine[i] = ByteBuffer.allocate(area.slotBytes());
            }
            copies[group.index()] = mine;
            var one = reads.one();
            group.readEverywhere(DiskLayout.record(area, slot), mine, () -> one.ended(null));
        }
        reads.start();
    }

    private @Nullable DiskRecord decode(@Nullable ByteBuffer copy, int slot) {
        DiskRecord record = copy == null ? null : DiskRecord.decode(area, volume.id(), copy);
        boolean possible =
                record != null
                        && (slot == newestSlot
                                ? record.order() == newestOrder
                                : record.order() <= newestOrder);
        return possible ? record : null;
    }

    private void compare(int slot, @Nullable ByteBuffer[][] copies, Runnable done) {
        DiskRecord best = null;
        for (@Nullable ByteBuffer[] group : copies) {
            for (ByteBuffer copy : group) {
                DiskRecord record = decode(copy, slot);
                boolean newer = record != null && (best == null || record.order() > best.order());
                best = newer ? record : best;
            }
        }
        if (best == null) {
            done.run();
            return;
        }
        ByteBuffer right = DiskRecord.encode(area, volume.id(), best.order(), best.payload());
        Together writes = new Together(_ -> done.run());
        // Disks that joined since the copies were read have what is newest.
        for (GroupDisks group : volume.groups().subList(0, copies.length)) {
            for (int member = 0; member < copies[group.index()].length; member++) {
                ByteBuffer copy = copies[group.index()][member];
                DiskRecord record = decode(copy, slot);
                boolean wrong = record == null || record.order() < best.order();
                if (wrong && group.live(member)) {
                    rewrite(group, member, slot, copy == null, right, writes);
                }
            }
        }
        writes.start();
    }

    private void rewrite(
            GroupDisks group,
            int member,
            int slot,
            boolean unreadable,
            ByteBuffer right,
            Together writes) {
        // What is behind the record counts for nothing, but has to be readable with it.
        ByteBuffer bytes = right.duplicate();
        if (unreadable) {
            bytes = ByteBuffer.allocate(area.slotBytes());
            bytes.put(0, right, 0, right.capacity());
        }
        long at = DiskLayout.record(area, slot);
        String what = area + " record, slot " + slot + (unreadable ? ": not readable" : "");
        group.countBad(member, !unreadable);
        var one = writes.one();
        group.writeDurably(
                member,
                at,
                bytes,
                fault -> {
                    found.rewritten(group.index(), member, at, what);
                    one.ended(fault);
                });
    }
}
