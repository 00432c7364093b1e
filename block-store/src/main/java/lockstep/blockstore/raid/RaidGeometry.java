package lockstep.blockstore.raid;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.disk.Membership.Joined;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// VBN to disk and back: pure arithmetic. Each data disk owns one contiguous range of VBNs, in the
/// order in which disks came to the volume; a group's parity disk owns none. So a volume that grows
/// gets VBNs behind those that it has.
public final class RaidGeometry {
    /// `dataDisks` disks of `dbnCount` blocks, and a parity disk in slot `paritySlot`.
    public record Group(int dataDisks, int paritySlot, long dbnCount) {
        /// A group to which no disk was added: its last slot is parity.
        public Group(int dataDisks, long dbnCount) {
            this(dataDisks, dataDisks, dbnCount);
        }

        /// The slot of data disk `index`.
        public int slot(int index) {
            return index < paritySlot ? index : index + 1;
        }

        private int index(int slot) {
            return slot < paritySlot ? slot : slot - 1;
        }
    }

    private final List<Group> groups;

    // By place in the order: where the disk's VBNs begin, and which it is. One more beginning ends
    // the last.
    private final long[] begins;
    private final int[] groupAt;
    private final int[] slotAt;

    // By group and data disk.
    private final long[][] firsts;

    /// Groups whose disks all came at once, in their order.
    public RaidGeometry(List<Group> groups) {
        this(groups, inOrder(groups));
    }

    /// `order` tells in which order the data disks of `groups` came.
    public RaidGeometry(List<Group> groups, List<Joined> order) {
        this.groups = List.copyOf(groups);
        int disks = groups.stream().mapToInt(Group::dataDisks).sum();
        this.begins = new long[disks + 1];
        this.groupAt = new int[disks];
        this.slotAt = new int[disks];
        this.firsts = new long[groups.size()][];
        for (int g = 0; g < firsts.length; g++) {
            firsts[g] = new long[groups.get(g).dataDisks()];
        }
        int[] come = new int[groups.size()];
        int at = 0;
        for (Joined joined : order) {
            Group group = groups.get(joined.group());
            for (int i = 0; i < joined.disks(); i++) {
                int index = come[joined.group()]++;
                groupAt[at] = joined.group();
                slotAt[at] = group.slot(index);
                firsts[joined.group()][index] = begins[at];
                begins[at + 1] = begins[at] + group.dbnCount();
                at++;
            }
        }
        Check.that(at == disks, "every data disk has its place in the order", at, disks);
    }

    private static List<Joined> inOrder(List<Group> groups) {
        List<Joined> order = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            order.add(new Joined(g, groups.get(g).dataDisks()));
        }
        return order;
    }

    /// The groups.
    public List<Group> groups() {
        return groups;
    }

    /// VBNs in all.
    public long size() {
        return begins[groupAt.length];
    }

    private int placeOf(long vbn) {
        Check.that(vbn >= 0, "a VBN is not negative");
        if (vbn >= size()) {
            throw new IllegalArgumentException("vbn " + vbn + " is beyond the volume");
        }
        int found = Arrays.binarySearch(begins, vbn);
        return found >= 0 ? found : -found - 2;
    }

    /// The group that holds `vbn`.
    public int groupOf(long vbn) {
        return groupAt[placeOf(vbn)];
    }

    /// The slot that holds `vbn` in its group.
    public int slotOf(long vbn) {
        return slotAt[placeOf(vbn)];
    }

    /// The block of its disk that `vbn` is.
    public long dbnOf(long vbn) {
        return vbn - begins[placeOf(vbn)];
    }

    /// The VBN of a block of a data disk.
    public long vbn(int group, int slot, long dbn) {
        Group of = groups.get(group);
        boolean data = slot >= 0 && slot <= of.dataDisks() && slot != of.paritySlot();
        Check.that(data && dbn < of.dbnCount(), "a data block exists", slot, dbn);
        return firsts[group][of.index(slot)] + dbn;
    }

    /// The first VBN of each data disk of `group`, by slot.
    public List<Long> firstVbns(int group) {
        return Arrays.stream(firsts[group]).boxed().toList();
    }
}
