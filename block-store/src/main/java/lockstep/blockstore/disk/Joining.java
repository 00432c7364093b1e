package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Disks that come to a volume to make it larger: one more in a group, or a group of their own.
/// Nothing that is there moves, and no parity changes, as a block that was never written counts as
/// zeros. In this order:
///
/// 1. Everything on them is erased.
/// 2. The others' generation is raised twice, so that what an earlier attempt has left anywhere is
///    stale.
/// 3. The new disks get the labels of the new membership, under the next generation.
/// 4. When nothing is under way that goes by the old one ([Quiet]), the new membership is in force,
///    and the labels of all members and the records of the new disks are written.
///
/// A crash before 3 leaves the old membership; after it, labels of the next generation on the new
/// disks only: these count if all of them are there and nobody else has got so far
/// ([DiskInventory]). Either way no data was on them yet. If a member leaves between 3 and 4 the
/// others' labels say so under the generation that the new ones have, and win: so steps 2 and 3 are
/// done again.
public final class Joining {
    private static final int TRIES = 10;
    private static final int FURTHER = 2;

    /// A disk to be, and the name that its label gets.
    public record NewDisk(BlockDevice device, UUID uuid) {}

    /// Finds a moment when nothing in the groups concerned is under way that counts slots or
    /// groups, calls `join` in it, and goes on.
    public interface Quiet {
        /// `join` runs once, on the loop.
        void find(Runnable join);
    }

    private final VolumeDisks volume;
    private final MembershipLabels labels;
    private final int group;
    private final List<NewDisk> devices;
    private final Quiet quiet;
    private final IoCompletion done;
    private List<Disk> stamped = List.of();
    private int tries;

    /// `devices` join `group`, or become a new one if there is none of that number.
    Joining(
            VolumeDisks volume,
            MembershipLabels labels,
            int group,
            List<NewDisk> devices,
            Quiet quiet,
            IoCompletion done) {
        this.volume = volume;
        this.labels = labels;
        this.group = group;
        this.devices = List.copyOf(devices);
        this.quiet = quiet;
        this.done = done;
    }

    void run() {
        String problem = problem(volume, group, devices.stream().map(NewDisk::device).toList());
        if (problem != null) {
            refuse(problem);
            return;
        }
        List<Disk> blank = disks(labels.members(), 0);
        Together erased = new Together(fault -> orEnd(fault, this::raise));
        blank.forEach(disk -> disk.eraseAll(erased.one()));
        erased.start();
    }

    /// Why `devices` cannot join `group` now, or become a new group; null if they can.
    public static @Nullable String problem(
            VolumeDisks volume, int group, List<BlockDevice> devices) {
        if (volume.anyLost() != null) {
            return "the volume has stopped";
        }
        if (volume.membership().joined().size() >= Membership.MAXIMUM_JOINED) {
            return "the labels have no room for one more growth";
        }
        return group < volume.groups().size()
                ? ofGroup(volume.groups().get(group), devices)
                : ofNewGroup(volume, devices);
    }

    private static @Nullable String ofGroup(GroupDisks members, List<BlockDevice> devices) {
        String name = "group " + members.index();
        if (members.missingSlot() >= 0) {
            return name + " is degraded: replace the disk of slot " + members.missingSlot();
        }
        if (members.rebuildingSlot() >= 0) {
            return name + " is being rebuilt: wait until that is done";
        }
        if (members.slots() - 1 + devices.size() > DiskLabel.GroupMembers.MAXIMUM_DATA_DISKS) {
            return name + " has as many disks as a group can have";
        }
        for (BlockDevice device : devices) {
            if (!members.fits(device)) {
                String sizes = device.size() + " bytes, and " + members.neededBytes();
                return device.name() + " has " + sizes + " are needed in " + name;
            }
        }
        return null;
    }

    private static @Nullable String ofNewGroup(VolumeDisks volume, List<BlockDevice> devices) {
        if (volume.groups().size() == DiskLabel.MAXIMUM_GROUPS) {
            return "the volume has as many groups as it can have";
        }
        if (devices.size() < 2 || devices.size() > DiskLabel.GroupMembers.MAXIMUM_DATA_DISKS + 1) {
            return "a group has 2 to 63 disks";
        }
        for (BlockDevice device : devices) {
            if (!DiskLayout.fits(device.size())) {
                return device.name() + " has too few bytes to be a disk: " + device.size();
            }
        }
        return null;
    }

    private boolean isNewGroup() {
        return group == labels.members().groups().size();
    }

    private Membership grown() {
        if (isNewGroup()) {
            return labels.members().grownBy(devices.size() - 1);
        }
        Membership now = labels.members();
        for (NewDisk _ : devices) {
            now = now.grown(group);
        }
        return now;
    }

    // The new disks, labelled with `members`; spares as long as they have no place in it.
    private List<Disk> disks(Membership members, long generation) {
        long dbns = dbnCount();
        List<Disk> made = new ArrayList<>();
        for (int i = 0; i < devices.size(); i++) {
            int slot = isNewGroup() ? i : volume.groups().get(group).slots() + i;
            boolean placed = members.has(group, slot);
            NewDisk one = devices.get(i);
            DiskLabel label =
                    new DiskLabel(
                            one.uuid(),
                            volume.id(),
                            volume.name(),
                            placed ? group : DiskLabel.NO_PLACE,
                            placed ? slot : DiskLabel.NO_PLACE,
                            dbns,
                            generation,
                            members,
                            generation);
            made.add(volume.watched(new Disk(one.device(), label)));
        }
        return made;
    }

    private long dbnCount() {
        if (!isNewGroup()) {
            return volume.groups().get(group).layout().dbnCount();
        }
        long smallest = Long.MAX_VALUE;
        for (NewDisk one : devices) {
            smallest = Math.min(smallest, one.device().size());
        }
        return DiskLayout.fitting(smallest).dbnCount();
    }

    private void raise() {
        tries++;
        labels.raise(FURTHER, fault -> orEnd(fault, this::stamp));
    }

    private void stamp() {
        String problem = problem(volume, group, devices.stream().map(NewDisk::device).toList());
        if (problem != null) {
            refuse(problem);
            return;
        }
        long next = labels.generation() + 1;
        stamped = disks(grown(), next);
        Together written = new Together(fault -> orEnd(fault, () -> quiet.find(() -> join(next))));
        stamped.forEach(disk -> disk.writeLabel(written.one()));
        written.start();
    }

    private void join(long next) {
        if (!labels.isDurable() || labels.generation() + 1 != next) {
            // Somebody left meanwhile, or a rebuild went on: the labels just written are void.
            if (tries < TRIES) {
                volume.loop().execute(this::raise);
            } else {
                refuse("the members change all the time");
            }
            return;
        }
        Membership now = grown();
        volume.joined(group, stamped, now);
        labels.change(now);
        Together told = new Together(done);
        volume.repeatRecords(told);
        labels.whenDurable(told.one());
        told.start();
    }

    private void orEnd(@Nullable IoFault fault, Runnable next) {
        if (fault == null) {
            next.run();
        } else {
            giveUp(fault);
        }
    }

    private void refuse(String why) {
        giveUp(new IoFault(devices.getFirst().device().name(), "join", why));
    }

    // A label that is void anyway should not puzzle anybody either.
    private void giveUp(IoFault fault) {
        Together cleared = new Together(_ -> done.ended(fault));
        stamped.forEach(disk -> disk.eraseLabels(cleared.one()));
        cleared.start();
    }

    /// VBNs that `devices` would add.
    public static long blocks(VolumeDisks volume, int group, List<BlockDevice> devices) {
        if (group < volume.groups().size()) {
            return devices.size() * volume.groups().get(group).layout().dbnCount();
        }
        long smallest = devices.stream().mapToLong(BlockDevice::size).min().orElse(0);
        boolean fits = DiskLayout.fits(smallest) && devices.size() > 1;
        return fits ? (devices.size() - 1) * DiskLayout.fitting(smallest).dbnCount() : 0;
    }

    /// Bytes that a disk of a new group has at least.
    public static long leastBytes() {
        return Blocks.toBytes(DiskLayout.LEAST_BLOCKS);
    }
}
