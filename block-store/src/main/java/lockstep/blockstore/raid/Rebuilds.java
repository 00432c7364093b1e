package lockstep.blockstore.raid;

import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/// Who takes the place of a disk that left: what the operator gives, or a spare by itself; and the
/// walks that rebuild them, one in each group at most. Nothing begins before recovery has ended.
public final class Rebuilds {
    private final VolumeDisks disks;
    private final List<RaidGroup> groups;
    private final RebuildPace pace;
    private final TreeMap<Integer, GroupRebuild> walks = new TreeMap<>();
    // Groups in which a disk is just being put in place.
    private final TreeSet<Integer> replacing = new TreeSet<>();
    private boolean open;

    Rebuilds(VolumeDisks disks, List<RaidGroup> groups, RebuildPace pace) {
        this.disks = disks;
        this.groups = groups;
        this.pace = pace;
        disks.onLeft(() -> disks.loop().execute(this::useSpares));
    }

    /// Recovery has ended: goes on with what was begun before, and uses the spares.
    void begin() {
        open = true;
        groups.forEach(this::walk);
        useSpares();
    }

    /// Ends all of it, for good: the disks are put to another use.
    public void stop() {
        open = false;
        walks.values().forEach(GroupRebuild::stop);
    }

    /// The walk in `group` that goes on or was the last; null if there was none.
    public @Nullable GroupRebuild walk(int group) {
        return walks.get(group);
    }

    /// Whether a disk is just being put in place in `group`.
    public boolean isReplacing(int group) {
        return replacing.contains(group);
    }

    void replace(int group, int slot, BlockDevice device, UUID uuid, IoCompletion done) {
        GroupDisks members = groups.get(group).disks();
        String problem = problem(members, slot, device);
        if (problem != null) {
            IoFault fault = new IoFault(device.name(), "replace", problem);
            disks.loop().execute(() -> done.ended(fault));
            return;
        }
        replacing.add(group);
        disks.admit(
                group,
                slot,
                device,
                uuid,
                fault -> {
                    replacing.remove(group);
                    walk(groups.get(group));
                    done.ended(fault);
                });
    }

    private @Nullable String problem(GroupDisks members, int slot, BlockDevice device) {
        if (!open || members.lost() != null) {
            return "the volume is not open yet, or not any more";
        }
        if (members.missingSlot() != slot || replacing.contains(members.index())) {
            return "slot " + slot + " is not open";
        }
        return members.fits(device)
                ? null
                : device.size() + " bytes are too few, " + members.neededBytes() + " are needed";
    }

    void addSpare(BlockDevice device, UUID uuid, IoCompletion done) {
        disks.spares()
                .add(
                        device,
                        uuid,
                        fault -> {
                            useSpares();
                            done.ended(fault);
                        });
    }

    private void walk(RaidGroup group) {
        int index = group.disks().index();
        GroupRebuild running = walks.get(index);
        boolean idle = running == null || !running.goesOn();
        if (open && idle && group.disks().rebuildingSlot() >= 0) {
            GroupRebuild walk = new GroupRebuild(group, pace);
            walks.put(index, walk);
            walk.start();
        }
    }

    private void useSpares() {
        for (RaidGroup group : groups) {
            GroupDisks members = group.disks();
            int slot = members.missingSlot();
            boolean wants = open && slot >= 0 && !replacing.contains(members.index());
            Disk spare = wants && members.lost() == null ? disks.spares().take(members) : null;
            if (spare != null) {
                replace(
                        members.index(),
                        slot,
                        spare.device(),
                        spare.label().disk(),
                        fault -> tried(members, spare, fault));
            }
        }
    }

    private void tried(GroupDisks members, Disk spare, @Nullable IoFault fault) {
        if (fault != null) {
            disks.events().spareFailed(members.index(), spare.name(), fault.toString());
            useSpares();
        }
    }
}
