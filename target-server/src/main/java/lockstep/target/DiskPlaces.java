package lockstep.target;

import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.raid.VbnSpace;
import lockstep.target.NodeDisks.NodeDisk;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// Which disk is where in its volume: places as operators name them, and what is in them.
final class DiskPlaces {
    private DiskPlaces() {}

    /// A slot of a group.
    record Place(int group, int slot) {
        @Override
        public String toString() {
            return "group " + group + " slot " + slot;
        }
    }

    /// The place that is named.
    static Place at(HostedVolume volume, int group, int slot) {
        List<GroupDisks> groups = volume.disks().groups();
        boolean exists =
                group >= 0
                        && group < groups.size()
                        && slot >= 0
                        && slot < groups.get(group).slots();
        if (!exists) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    volume.name() + " has no " + new Place(group, slot),
                    "`lockstep disk list` shows its groups and slots");
        }
        return new Place(group, slot);
    }

    /// The place that is named, whose disk has left.
    static Place open(HostedVolume volume, int group, int slot) {
        Place place = at(volume, group, slot);
        GroupDisks members = volume.disks().groups().get(group);
        if (members.lost() != null) {
            throw new AdminException(
                    Code.REFUSED,
                    "group " + group + " has lost more disks than it can",
                    "bring one of them back and start the node again, or take the mirror over");
        }
        if (members.rebuildingSlot() == slot) {
            throw new AdminException(
                    Code.REFUSED,
                    place + " is being rebuilt already",
                    "wait, or take that disk out first: `lockstep disk fault`");
        }
        if (members.live(slot)) {
            throw new AdminException(
                    Code.REFUSED,
                    place + " is in use",
                    "to replace a disk that works, take it out first: `lockstep disk fault`");
        }
        if (volume.space().raid().rebuilds().isReplacing(group)) {
            throw new AdminException(
                    Code.REFUSED, "a spare takes " + place + " just now", "wait for it");
        }
        return place;
    }

    /// The one place whose disk has left.
    static Place onlyOpen(HostedVolume volume) {
        List<Place> open = new ArrayList<>();
        for (GroupDisks group : volume.disks().groups()) {
            if (group.missingSlot() >= 0) {
                open.add(new Place(group.index(), group.missingSlot()));
            }
        }
        if (open.size() != 1) {
            throw new AdminException(
                    Code.REFUSED,
                    open.isEmpty()
                            ? "no disk of " + volume.name() + " is away"
                            : "more than one disk of " + volume.name() + " is away: " + open,
                    open.isEmpty()
                            ? "to replace one that works, take it out first: `lockstep disk fault`"
                            : "say which: --group and --slot");
        }
        return open(volume, open.getFirst().group(), open.getFirst().slot());
    }

    /// Where `disk` is in `volume`; null if it has no place, or another disk has it now.
    static @Nullable Place of(HostedVolume volume, NodeDisk disk) {
        for (GroupDisks group : volume.disks().groups()) {
            for (int slot = 0; slot < group.slots(); slot++) {
                if (isIn(group.disk(slot), disk)) {
                    return new Place(group.index(), slot);
                }
            }
        }
        return null;
    }

    private static boolean isIn(@Nullable Disk place, NodeDisk disk) {
        return place != null && place.name().equals(disk.device.name());
    }

    static boolean isSpare(HostedVolume volume, NodeDisk disk) {
        return volume.disks().spares().all().stream().anyMatch(spare -> isIn(spare, disk));
    }

    /// Whether the volume reads or writes `disk`, or may any time.
    static boolean isInUse(HostedVolume volume, NodeDisk disk) {
        Place place = of(volume, disk);
        boolean member =
                place != null && volume.disks().groups().get(place.group()).live(place.slot());
        return member || (place == null && isComing(volume)) || isSpare(volume, disk);
    }

    private static boolean isComing(HostedVolume volume) {
        VbnSpace raid = volume.space().raid();
        return raid.isGrowing()
                || volume.disks().groups().stream()
                        .anyMatch(g -> raid.rebuilds().isReplacing(g.index()));
    }

    /// Whether a disk of a volume still answers, as far as is known.
    static boolean isHeard(NodeVolumes volumes, NodeDisk disk) {
        HostedVolume volume = disk.volume == null ? null : volumes.find(disk.volume);
        Place place = volume == null ? null : of(volume, disk);
        return volume == null
                || place == null
                || volume.disks().groups().get(place.group()).live(place.slot());
    }
}
