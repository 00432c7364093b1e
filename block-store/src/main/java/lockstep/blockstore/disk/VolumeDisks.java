package lockstep.blockstore.disk;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/// All disks of one volume: who is a member ([MembershipLabels]), and the records that every member
/// carries.
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
    private final DiskPatience patience;
    private final List<GroupDisks> groups = new ArrayList<>();
    private final MembershipLabels labels;
    private final TreeMap<Integer, IoFault> lost = new TreeMap<>();
    private final EnumMap<RecordArea, RecordSlots> records = new EnumMap<>(RecordArea.class);
    private final Spares spares;
    private Runnable onLeft = () -> {};

    private VolumeDisks(
            DiskInventory.FoundVolume found,
            EventLoop loop,
            DiskPatience patience,
            DiskEvents events) {
        this.patience = patience;
        this.id = found.id();
        this.name = found.name();
        this.loop = loop;
        this.events = events;
        this.labels = new MembershipLabels(this, found.membership(), found.generation());
        this.spares = new Spares(this, found.spares());
        for (int g = 0; g < found.groups().size(); g++) {
            groups.add(new GroupDisks(this, g, found.members().get(g), found.groups().get(g)));
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
        open(found, loop, DiskPatience.DEFAULT, events, done);
    }

    /// The same, with another patience with slow disks.
    public static void open(
            DiskInventory.FoundVolume found,
            EventLoop loop,
            DiskPatience patience,
            DiskEvents events,
            Consumer<Opened> done) {
        String problem = found.tooFew();
        if (problem != null) {
            loop.execute(() -> done.accept(new Opened.Refused(problem)));
            return;
        }
        VolumeDisks disks = new VolumeDisks(found, loop, patience, events);
        disks.noteAbsent();
        disks.whenMembershipIsDurable(
                fault -> {
                    if (fault != null) {
                        done.accept(new Opened.Refused(fault.toString()));
                    } else {
                        disks.readRecords(() -> done.accept(disks.judged()));
                    }
                });
    }

    private Opened judged() {
        for (RecordSlots area : records.values()) {
            if (area.otherVersion() != 0) {
                String version = "version " + area.otherVersion();
                return new Opened.Refused("a record is of " + version + ": use a program for it");
            }
        }
        return new Opened.Ok(this);
    }

    private void noteAbsent() {
        for (GroupDisks group : groups) {
            int missing = group.missingSlot();
            DiskLabel.GroupMembers members = members(group.index());
            if (missing >= 0 && members.admits(missing)) {
                labels.change(group.index(), members.without(missing));
                events.memberLost(group.index(), missing, "absent disk", "it was not found");
            }
        }
    }

    private DiskLabel.GroupMembers members(int group) {
        return labels.members().groups().get(group);
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
        boolean second = !disks.canSpare(slot);
        if (disk == null || !disk.live()) {
            return;
        }
        disk.fail(reason);
        disks.left(slot);
        events.memberLost(group, slot, disk.name(), reason);
        if (second) {
            // Nothing is written about it: these labels are of a group that stops here.
            String what = "two members lost: " + reason;
            lost.put(group, new IoFault(disk.name(), "group " + group, what));
            events.groupLost(group, reason);
        } else {
            labels.change(group, members(group).without(slot));
        }
        labels.write();
        onLeft.run();
    }

    /// `task` runs whenever a member has left.
    public void onLeft(Runnable task) {
        onLeft = task;
    }

    /// Disks that wait to replace one that fails.
    public Spares spares() {
        return spares;
    }

    Disk newDisk(BlockDevice device, UUID uuid, int group, int slot, long dbns) {
        Membership now = labels.members();
        long generation = labels.generation();
        DiskLabel label = new DiskLabel(uuid, id, name, group, slot, dbns, generation, now);
        return watched(new Disk(device, label));
    }

    Disk watched(Disk disk) {
        disk.watch(loop.clock(), patience, disk::giveUp);
        return disk;
    }

    /// Makes the volume larger by `devices`, as one more data disk each of `group`, or as a group
    /// of their own if that is the number of the next one. `done` is told when all labels name
    /// them, or why they do not.
    public void join(
            int group, List<Joining.NewDisk> devices, Joining.Quiet quiet, IoCompletion done) {
        new Joining(this, labels, group, devices, quiet, done).run();
    }

    /// The new membership is in force.
    void joined(int group, List<Disk> disks, Membership now) {
        if (group == groups.size()) {
            @Nullable Disk[] slots = disks.toArray(Disk[]::new);
            groups.add(new GroupDisks(this, group, slots, now.groups().get(group)));
        } else {
            disks.forEach(groups.get(group)::join);
        }
    }

    void repeatRecords(Together together) {
        records.values().forEach(area -> area.repeat(together.one()));
    }

    /// Puts a disk into a slot whose member is away: first everything is erased on it that could be
    /// taken for this volume's, then it gets all writes and the newest records, and the labels name
    /// it. Ends without fault when they do; its content is still to be rebuilt.
    public void admit(int group, int slot, BlockDevice device, UUID uuid, IoCompletion done) {
        GroupDisks disks = groups.get(group);
        Disk disk = newDisk(device, uuid, group, slot, disks.layout().dbnCount());
        // The labels have to say that the old one left before they can say that a new one came:
        // else the old one, should it return, might be taken for the new one.
        whenMembershipIsDurable(
                fault -> {
                    if (fault != null) {
                        done.ended(fault);
                    } else {
                        disk.erase(failed -> erased(disks, slot, disk, failed, done));
                    }
                });
    }

    private void erased(
            GroupDisks disks, int slot, Disk disk, @Nullable IoFault fault, IoCompletion done) {
        boolean open = !disks.live(slot) && disks.rebuildingSlot() < 0 && disks.lost() == null;
        if (fault != null || !open) {
            String reason = "the slot is not open any more";
            done.ended(fault != null ? fault : new IoFault(disk.name(), "replace", reason));
            return;
        }
        disks.admit(slot, disk);
        int group = disks.index();
        labels.change(group, members(group).rebuilding(slot, 0));
        Together together = new Together(done);
        repeatRecords(together);
        whenMembershipIsDurable(together.one());
        together.start();
    }

    void noteRebuild(GroupDisks disks, boolean now, IoCompletion done) {
        if (now) {
            DiskLabel.GroupMembers before = members(disks.index());
            labels.change(
                    disks.index(), before.rebuilding(disks.rebuildingSlot(), disks.watermark()));
            whenMembershipIsDurable(done);
        } else {
            loop.execute(() -> done.ended(anyLost()));
        }
    }

    void noteRebuilt(GroupDisks disks, IoCompletion done) {
        labels.change(disks.index(), members(disks.index()).rebuilt());
        whenMembershipIsDurable(done);
    }

    /// See [MembershipLabels#whenDurable].
    void whenMembershipIsDurable(IoCompletion done) {
        labels.whenDurable(done);
    }

    /// Compares the copies of all records and labels, and rewrites those that are not as the others
    /// say; `found` hears of each. Nothing that is written meanwhile is touched.
    public void scrubRecords(RecordScrub.Listener found, Runnable done) {
        List<RecordSlots> areas = List.copyOf(records.values());
        RecordSlots.repairAll(areas, found, () -> labels.scrub(found, done));
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
        return labels.generation();
    }

    /// Who belongs to it.
    public Membership membership() {
        return labels.members();
    }

    DiskPatience patience() {
        return patience;
    }

    /// What the volume's owner hears.
    public DiskEvents events() {
        return events;
    }

    @Nullable IoFault lost(int group) {
        return lost.get(group);
    }

    /// The first group that lost too many members, as a fault; null while there is none.
    public @Nullable IoFault anyLost() {
        return lost.isEmpty() ? null : lost.firstEntry().getValue();
    }

    /// Whether a member is away or not wholly rebuilt.
    public boolean degraded() {
        return groups.stream()
                .anyMatch(group -> group.missingSlot() >= 0 || group.rebuildingSlot() >= 0);
    }
}
