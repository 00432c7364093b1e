package lockstep.target;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.raid.GroupRebuild;
import lockstep.target.NodeDisks.NodeDisk;
import lockstep.target.admin.model.DiskView;
import lockstep.target.admin.model.RebuildView;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What the node shows of its disks. On the core loop; answers are values.
final class DiskViews {
    private static final long SECOND = 1_000_000_000;

    private final NodeDisks disks;
    private final NodeVolumes volumes;

    DiskViews(NodeDisks disks, NodeVolumes volumes) {
        this.disks = disks;
        this.volumes = volumes;
    }

    List<DiskView> disks() {
        List<DiskView> views = new ArrayList<>();
        disks.all().forEach(disk -> views.add(disk(disk)));
        return views;
    }

    private DiskView disk(NodeDisk disk) {
        HostedVolume volume = disk.volume == null ? null : volumes.find(disk.volume);
        return switch (disk.use) {
            case FREE -> alone(disk, "free", "");
            case REFUSED -> alone(disk, "refused", disk.remark);
            case MEMBER -> volume == null ? alone(disk, "member", "") : member(volume, disk);
        };
    }

    private static DiskView alone(NodeDisk disk, String state, String detail) {
        String path = disk.path.toString();
        long size = disk.device.size();
        return new DiskView(
                disk.name, path, size, state, disk.volume, null, null, detail, 0, 0, null);
    }

    private static DiskView member(HostedVolume volume, NodeDisk disk) {
        DiskPlaces.Place place = DiskPlaces.of(volume, disk);
        if (place == null && !disk.remark.isEmpty()) {
            return alone(disk, disk.remark, "what it carried is erased");
        }
        if (place == null) {
            return DiskPlaces.isSpare(volume, disk)
                    ? alone(disk, "spare", "")
                    : alone(disk, "left", "another disk has its place");
        }
        GroupDisks group = volume.disks().groups().get(place.group());
        Disk member = group.disk(place.slot());
        RebuildView rebuild = rebuild(volume, group, place.slot());
        String state =
                !group.live(place.slot())
                        ? "failed"
                        : rebuild != null
                                ? "rebuilding"
                                : place.slot() == group.paritySlot() ? "parity" : "member";
        return new DiskView(
                disk.name,
                disk.path.toString(),
                disk.device.size(),
                state,
                disk.volume,
                place.group(),
                place.slot(),
                rebuild != null ? text(rebuild) : member == null ? "" : member.reason(),
                member == null ? 0 : member.readFaults(),
                member == null ? 0 : member.checksumErrors(),
                rebuild);
    }

    private static @Nullable RebuildView rebuild(HostedVolume volume, GroupDisks group, int slot) {
        GroupRebuild walk = volume.space().raid().rebuilds().walk(group.index());
        if (group.rebuildingSlot() != slot) {
            return null;
        }
        if (walk == null || walk.progress().slot() != slot) {
            long all = group.layout().dbnCount();
            return new RebuildView(group.watermark(), all, 0, 0, 0, -1);
        }
        GroupRebuild.Progress now = walk.progress();
        long bytes = Blocks.toBytes(now.blocks());
        double seconds = Math.max(1, now.nanos()) / (double) SECOND;
        return new RebuildView(
                now.done(),
                now.all(),
                bytes,
                now.lostBlocks(),
                (long) (bytes / seconds),
                now.left() < 0 ? -1 : now.left() / SECOND);
    }

    private static String text(RebuildView rebuild) {
        double percent = 100.0 * rebuild.doneBlocks() / rebuild.allBlocks();
        String left = rebuild.secondsLeft() < 0 ? "" : ", " + rebuild.secondsLeft() + " s left";
        String lost = rebuild.lostBlocks() == 0 ? "" : ", lost " + rebuild.lostBlocks();
        return String.format(
                Locale.ROOT,
                "%.1f%%, %.1f MiB at %.1f MiB/s%s%s",
                percent,
                rebuild.writtenBytes() / 1048576.0,
                rebuild.bytesPerSecond() / 1048576.0,
                left,
                lost);
    }

    /// The groups of a volume with their disks.
    List<VolumeView.GroupView> groups(HostedVolume volume) {
        List<VolumeView.GroupView> views = new ArrayList<>();
        for (GroupDisks group : volume.disks().groups()) {
            List<String> names = new ArrayList<>();
            for (int slot = 0; slot < group.slots(); slot++) {
                RebuildView rebuild = rebuild(volume, group, slot);
                String more = rebuild == null ? "" : " (rebuilding " + text(rebuild) + ")";
                boolean moved = slot == group.paritySlot() && slot < group.slots() - 1;
                names.add(name(group.disk(slot)) + (moved ? " (parity)" : "") + more);
            }
            views.add(new VolumeView.GroupView(group.index(), state(group), names));
        }
        return views;
    }

    private static String state(GroupDisks group) {
        if (group.lost() != null) {
            return "lost";
        }
        if (group.missingSlot() >= 0) {
            return "degraded";
        }
        return group.rebuildingSlot() >= 0 ? "rebuilding" : "healthy";
    }

    private String name(@Nullable Disk disk) {
        if (disk == null) {
            return "(missing)";
        }
        NodeDisk known = disks.ofDevice(disk.name());
        String name = known == null ? disk.name() : known.name;
        return disk.live() ? name : name + " (failed)";
    }
}
