package lockstep.blockstore.crash;

import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Joining;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Makes the volume of a node larger while it is in use, as a node does: disks join, then the next
/// consistency point takes them into use. What a crash left half done is done first.
@NullUnmarked
final class NodeGrowth {
    private final VolumeNode node;
    private Object incarnation;
    private boolean underWay;
    private String refused = "";

    NodeGrowth(VolumeNode node) {
        this.node = node;
    }

    /// One more disk for the node, which no volume has yet.
    static SimDevice extra(VolumeNode node) {
        String name = "extra" + node.extras.size();
        SimDevice device = new SimDevice(node.simulation, name, node.shape.diskBytes());
        node.extras.add(device);
        if (node.loop != null) {
            device.attach(node.loop);
        }
        return device;
    }

    /// Begins; `grown` runs when the new size is durable. `asGroup` makes a group of two disks.
    void begin(boolean asGroup, Runnable grown) {
        underWay = true;
        incarnation = node.loop;
        refused = "";
        if (node.raid.size() > node.copy.root().vbnCount()) {
            node.loop.call(() -> finish(grown));
            return;
        }
        int group = asGroup ? node.raid.disks().groups().size() : 0;
        List<Joining.NewDisk> disks = new ArrayList<>();
        for (SimDevice device : free(asGroup ? 2 : 1)) {
            disks.add(new Joining.NewDisk(device, new UUID(9, node.entropy())));
        }
        RaidSpace raid = node.raid;
        node.loop.call(
                () ->
                        raid.raid()
                                .grow(
                                        group,
                                        disks,
                                        fault -> {
                                            if (fault == null) {
                                                finish(grown);
                                            } else {
                                                refused = fault.toString();
                                                underWay = false;
                                            }
                                        }));
    }

    private void finish(Runnable grown) {
        Object mine = incarnation;
        node.copy.useAllBlocks();
        node.volume.checkpoint(
                () -> {
                    if (node.loop.equals(mine)) {
                        underWay = false;
                        grown.run();
                    }
                });
    }

    /// Whether it has not ended, and no crash has ended it.
    boolean isUnderWay() {
        return underWay && node.loop.equals(incarnation);
    }

    /// Why the last one was refused; empty if it was not.
    String refused() {
        return refused;
    }

    private List<SimDevice> free(int count) {
        List<SimDevice> free = new ArrayList<>();
        for (SimDevice device : node.extras) {
            if (free.size() < count && !isMember(node.raid.disks(), device)) {
                free.add(device);
            }
        }
        while (free.size() < count) {
            free.add(extra(node));
        }
        return free;
    }

    private static boolean isMember(VolumeDisks disks, SimDevice device) {
        for (GroupDisks group : disks.groups()) {
            for (int slot = 0; slot < group.slots(); slot++) {
                Disk disk = group.disk(slot);
                if (disk != null && disk.device().equals(device)) {
                    return true;
                }
            }
        }
        return false;
    }
}
