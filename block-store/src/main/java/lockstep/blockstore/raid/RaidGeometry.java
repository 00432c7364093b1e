package lockstep.blockstore.raid;

import lockstep.blockstore.base.Check;

import java.util.List;

/// VBN to disk and back: pure arithmetic. Each data disk owns one contiguous range of VBNs, in the
/// order of groups and slots; a group's parity disk is its last slot and owns none.
public record RaidGeometry(List<Group> groups) {
    /// `dataDisks` disks of `dbnCount` blocks and a parity disk.
    public record Group(int dataDisks, long dbnCount) {
        long blocks() {
            return dataDisks * dbnCount;
        }
    }

    public RaidGeometry {
        groups = List.copyOf(groups);
    }

    /// VBNs in all.
    public long size() {
        long sum = 0;
        for (Group group : groups) {
            sum += group.blocks();
        }
        return sum;
    }

    /// The group that holds `vbn`.
    public int groupOf(long vbn) {
        Check.that(vbn >= 0, "a VBN is not negative");
        long rest = vbn;
        for (int g = 0; g < groups.size(); g++) {
            if (rest < groups.get(g).blocks()) {
                return g;
            }
            rest -= groups.get(g).blocks();
        }
        throw new IllegalArgumentException("vbn " + vbn + " is beyond the volume");
    }

    /// The first VBN of `group`.
    public long firstVbn(int group) {
        long sum = 0;
        for (int g = 0; g < group; g++) {
            sum += groups.get(g).blocks();
        }
        return sum;
    }

    /// The slot that holds `vbn` in its group.
    public int slotOf(long vbn) {
        int group = groupOf(vbn);
        return (int) ((vbn - firstVbn(group)) / groups.get(group).dbnCount());
    }

    /// The block of its disk that `vbn` is.
    public long dbnOf(long vbn) {
        int group = groupOf(vbn);
        return (vbn - firstVbn(group)) % groups.get(group).dbnCount();
    }

    /// The VBN of a block of a data disk.
    public long vbn(int group, int slot, long dbn) {
        Group of = groups.get(group);
        Check.that(slot < of.dataDisks() && dbn < of.dbnCount(), "a data block exists", slot, dbn);
        return firstVbn(group) + slot * of.dbnCount() + dbn;
    }
}
