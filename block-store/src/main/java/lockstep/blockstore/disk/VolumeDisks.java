package lockstep.blockstore.disk;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/// All disks of one volume: who is a member, and the records that every member carries.
///
/// Membership: when a member fails, the labels of all others name it, under the next generation,
/// before any record written later counts as written. So a disk that comes back is known to be
/// stale by whatever disks the volume is next assembled from. Label writes are one at a time, hence
/// an honest member never lags by more than one generation.
public final class VolumeDisks {
    /// How an attempt to open ended.
    public sealed interface Opened {
        /// All but at most one disk of each group are there.
        record Ok(VolumeDisks disks) implements Opened {}

        /// It cannot be used; `reason` is for the operator.
        record Refused(String reason) implements Opened {}
    }

    private final VolumeId id;
    private final String name;
    private final EventLoop loop;
    private final DiskEvents events;
    private final List<GroupDisks> groups = new ArrayList<>();
    private final List<DiskLabel.GroupMembers> members;
    private final @Nullable IoFault[] lost;
    private final EnumMap<RecordArea, RecordSlots> records = new EnumMap<>(RecordArea.class);
    private final List<IoCompletion> waiting = new ArrayList<>();
    private long generation;
    private long submittedGeneration;
    private long durableGeneration;
    private boolean writingLabels;

    private VolumeDisks(DiskInventory.FoundVolume found, EventLoop loop, DiskEvents events) {
        this.id = found.id();
        this.name = found.name();
        this.loop = loop;
        this.events = events;
        this.members = new ArrayList<>(found.groups());
        this.generation = found.generation();
        this.submittedGeneration = found.generation();
        // A crash may have cut the last label write off: it is repeated before anything else.
        this.durableGeneration = found.generation() - 1;
        this.lost = new @Nullable IoFault[members.size()];
        for (int g = 0; g < members.size(); g++) {
            groups.add(new GroupDisks(this, g, found.members().get(g)));
        }
        for (RecordArea area : RecordArea.values()) {
            records.put(area, new RecordSlots(this, area));
        }
    }

    /// Opens a volume with the members that were found; a slot that is empty now, and was not
    /// before, counts as failed from here on.
    public static void open(
            DiskInventory.FoundVolume found,
            EventLoop loop,
            DiskEvents events,
            Consumer<Opened> done) {
        for (int g = 0; g < found.groups().size(); g++) {
            int absent = 0;
            for (Disk disk : found.members().get(g)) {
                absent += disk == null ? 1 : 0;
            }
            if (absent > 1) {
                String reason = absent + " disks of group " + g + " are missing; one may be";
                loop.execute(() -> done.accept(new Opened.Refused(reason)));
                return;
            }
        }
        VolumeDisks disks = new VolumeDisks(found, loop, events);
        disks.noteAbsent();
        disks.whenMembershipIsDurable(
                fault -> {
                    if (fault != null) {
                        done.accept(new Opened.Refused(fault.toString()));
                    } else {
                        disks.readRecords(() -> done.accept(new Opened.Ok(disks)));
                    }
                });
    }

    private void noteAbsent() {
        for (GroupDisks group : groups) {
            int missing = group.missingSlot();
            if (missing >= 0 && !members.get(group.index()).failed(missing)) {
                changeMembership(group.index(), missing);
                events.memberLost(group.index(), missing, "absent disk", "it was not found");
            }
        }
    }

    private void readRecords(Runnable done) {
        Together together = new Together(_ -> done.run());
        for (RecordSlots area : records.values()) {
            area.load(together.one());
        }
        together.start();
    }

    private RecordSlots slots(RecordArea area) {
        return Objects.requireNonNull(records.get(area));
    }

    /// Writes `payload` (copied inside the call) as the newest record of `area`, in the slot that
    /// does not hold the newest one. Ends without fault when it is flushed on every live member.
    public void writeRecord(RecordArea area, long order, ByteBuffer payload, IoCompletion done) {
        slots(area).write(order, payload, done);
    }

    /// Tells the newest record of `area` over all members, as read when the volume was opened or
    /// written since; null if there is none.
    public @Nullable StoredRecord readNewest(RecordArea area) {
        return slots(area).newest();
    }

    /// A record and its place in the order of its area.
    public record StoredRecord(long order, ByteBuffer payload) {}

    /// Takes a member out. A second one of the same group is one too many: the group is lost.
    void fail(int group, int slot, String reason) {
        GroupDisks disks = groups.get(group);
        Disk disk = disks.disk(slot);
        boolean second = disks.missingSlot() >= 0;
        if (disk == null || !disk.live()) {
            return;
        }
        disk.fail(reason);
        events.memberLost(group, slot, disk.name(), reason);
        if (second) {
            // Nothing is written about it: these labels are of a group that stops here.
            lost[group] = new IoFault(disk.name(), "group " + group, "two members lost: " + reason);
            events.groupLost(group, reason);
        } else {
            changeMembership(group, slot);
        }
        writeLabels();
    }

    // All changes since the last label write share one generation, so none is ever skipped.
    private void changeMembership(int group, int slot) {
        if (generation == submittedGeneration) {
            generation++;
        }
        members.set(group, members.get(group).without(slot));
    }

    /// Ends when the labels of all live members name every member that has left; with a fault if a
    /// group is lost.
    void whenMembershipIsDurable(IoCompletion done) {
        if (anyLost() != null || generation == durableGeneration) {
            done.ended(anyLost());
            return;
        }
        waiting.add(done);
        writeLabels();
    }

    private void writeLabels() {
        if (writingLabels) {
            return;
        }
        if (anyLost() != null || generation == durableGeneration) {
            List<IoCompletion> ready = List.copyOf(waiting);
            waiting.clear();
            ready.forEach(one -> one.ended(anyLost()));
            return;
        }
        writingLabels = true;
        long writing = generation;
        submittedGeneration = writing;
        Together together =
                new Together(
                        _ -> {
                            writingLabels = false;
                            durableGeneration = writing;
                            writeLabels();
                        });
        for (GroupDisks group : groups) {
            for (int slot = 0; slot < group.slots(); slot++) {
                writeLabel(group, slot, writing, together);
            }
        }
        together.start();
    }

    private void writeLabel(GroupDisks group, int slot, long writing, Together together) {
        Disk disk = group.disk(slot);
        if (disk == null || !disk.live()) {
            return;
        }
        ByteBuffer bytes = disk.label().with(writing, members).encode();
        IoCompletion one = together.one();
        disk.writeDurably(
                DiskLayout.label((int) (writing & 1)),
                bytes,
                fault -> {
                    if (fault != null && disk.live()) {
                        fail(group.index(), slot, fault.operation() + ": " + fault.reason());
                    }
                    one.ended(null);
                });
    }

    /// Compares the copies of all records and labels, and rewrites those that are not as the others
    /// say; `found` hears of each. Nothing that is written meanwhile is touched.
    public void scrubRecords(RecordScrub.Listener found, Runnable done) {
        List<RecordSlots> areas = List.copyOf(records.values());
        Runnable labels = () -> scrubLabels(found, done);
        repairNext(areas, 0, found, labels);
    }

    private static void repairNext(
            List<RecordSlots> areas, int index, RecordScrub.Listener found, Runnable done) {
        if (index == areas.size()) {
            done.run();
        } else {
            areas.get(index).repair(found, () -> repairNext(areas, index + 1, found, done));
        }
    }

    // As a label write: what changes meanwhile is written after it.
    private void scrubLabels(RecordScrub.Listener found, Runnable done) {
        if (writingLabels || generation != durableGeneration) {
            done.run();
            return;
        }
        writingLabels = true;
        new LabelScrub(this, generation, members, found)
                .run(
                        () -> {
                            writingLabels = false;
                            writeLabels();
                            done.run();
                        });
    }

    /// Flushes every live member of every group.
    public void flush(IoCompletion done) {
        Together together = new Together(done);
        groups.forEach(group -> group.flush(together.one()));
        together.start();
    }

    /// This volume.
    public VolumeId id() {
        return id;
    }

    /// Its name.
    public String name() {
        return name;
    }

    /// The loop that owns it.
    public EventLoop loop() {
        return loop;
    }

    /// Its groups, in order.
    public List<GroupDisks> groups() {
        return List.copyOf(groups);
    }

    /// Grows with every change of membership.
    public long generation() {
        return generation;
    }

    DiskEvents events() {
        return events;
    }

    @Nullable IoFault lost(int group) {
        return lost[group];
    }

    /// The first group that lost too many members, as a fault; null while there is none.
    public @Nullable IoFault anyLost() {
        for (IoFault fault : lost) {
            if (fault != null) {
                return fault;
            }
        }
        return null;
    }

    /// Whether a member is away.
    public boolean degraded() {
        return groups.stream().anyMatch(group -> group.missingSlot() >= 0);
    }

    /// Ends all use of the devices.
    public void close() {
        for (GroupDisks group : groups) {
            for (int slot = 0; slot < group.slots(); slot++) {
                Disk disk = group.disk(slot);
                if (disk != null) {
                    disk.close();
                }
            }
        }
    }
}
