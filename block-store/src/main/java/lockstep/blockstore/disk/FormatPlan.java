package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;

/// Makes a new volume of empty devices: per group its data disks and, last, its parity disk. All
/// disks of a group get the block count of its smallest. Everything that the devices held is gone.
/// `entropy` gives the disks their names.
public record FormatPlan(
        VolumeId id, String name, List<List<BlockDevice>> groups, LongSupplier entropy) {
    /// Empties the devices, so that data, parity and checksums all read as zeros and agree, then
    /// writes the labels. Labels come last: a format that was cut off leaves no volume.
    public void run(IoCompletion done) {
        Together emptied =
                new Together(
                        fault -> {
                            if (fault != null) {
                                done.ended(fault);
                            } else {
                                writeLabels(done);
                            }
                        });
        for (List<BlockDevice> group : groups) {
            for (BlockDevice device : group) {
                IoCompletion one = emptied.one();
                long length = Blocks.toBytes(Blocks.containing(device.size()));
                device.punch(
                        0,
                        length,
                        fault -> {
                            if (fault != null) {
                                one.ended(fault);
                            } else {
                                device.flush(one);
                            }
                        });
            }
        }
        emptied.start();
    }

    private void writeLabels(IoCompletion done) {
        List<DiskLabel.GroupMembers> members = new ArrayList<>();
        for (List<BlockDevice> group : groups) {
            Check.that(group.size() >= 2, "a group has a data disk and a parity disk");
            members.add(new DiskLabel.GroupMembers(group.size() - 1, 0));
        }
        Membership founded = Membership.founded(members);
        Together written = new Together(done);
        for (int g = 0; g < groups.size(); g++) {
            long smallest = Long.MAX_VALUE;
            for (BlockDevice device : groups.get(g)) {
                smallest = Math.min(smallest, device.size());
            }
            long dbns = DiskLayout.fitting(smallest).dbnCount();
            for (int slot = 0; slot < groups.get(g).size(); slot++) {
                UUID uuid = new UUID(entropy.getAsLong(), entropy.getAsLong());
                DiskLabel label = new DiskLabel(uuid, id, name, g, slot, dbns, 1, founded);
                // Twice, so that from the start no single bad block costs a disk its name.
                List<BlockDevice.Extent> both = new ArrayList<>();
                for (int index = 0; index < 2; index++) {
                    long at = Blocks.toBytes(DiskLayout.label(index));
                    both.add(new BlockDevice.Extent(at, List.of(label.encode())));
                }
                groups.get(g).get(slot).writeDurably(both, written.one());
            }
        }
        written.start();
    }
}
