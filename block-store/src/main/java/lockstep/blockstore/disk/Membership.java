package lockstep.blockstore.disk;

import lockstep.blockstore.base.Check;

import java.util.ArrayList;
import java.util.List;

/// Who belongs to a volume, as every label tells it: its groups, and in which order their data
/// disks came. VBNs are numbered in that order, so what is added never renumbers what is there.
///
/// A disk that joins a group gets the slot behind its last; the parity disk keeps its own. So the
/// data disks of a group, by slot, are in the order in which they came.
public record Membership(List<DiskLabel.GroupMembers> groups, List<Joined> joined) {
    /// The next `disks` data disks of `group`, by slot.
    public record Joined(int group, int disks) {}

    /// Entries of the order that a label has room for.
    public static final int MAXIMUM_JOINED = 440;

    public Membership {
        groups = List.copyOf(groups);
        joined = List.copyOf(joined);
        int[] counted = new int[groups.size()];
        for (Joined one : joined) {
            counted[one.group()] += one.disks();
        }
        for (int g = 0; g < groups.size(); g++) {
            boolean all = counted[g] == groups.get(g).dataDisks();
            Check.that(all, "every data disk has its place in the order", g, counted[g]);
        }
    }

    /// All of `groups` came at once, in their order.
    public static Membership founded(List<DiskLabel.GroupMembers> groups) {
        List<Joined> order = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            order.add(new Joined(g, groups.get(g).dataDisks()));
        }
        return new Membership(groups, order);
    }

    /// The same with `now` as group `group`, which has as many disks as before.
    Membership with(int group, DiskLabel.GroupMembers now) {
        List<DiskLabel.GroupMembers> changed = new ArrayList<>(groups);
        changed.set(group, now);
        return new Membership(changed, joined);
    }

    /// One more data disk in `group`.
    Membership grown(int group) {
        List<DiskLabel.GroupMembers> changed = new ArrayList<>(groups);
        changed.set(group, groups.get(group).grown());
        List<Joined> order = new ArrayList<>(joined);
        Joined last = order.getLast();
        if (last.group() == group) {
            order.set(order.size() - 1, new Joined(group, last.disks() + 1));
        } else {
            order.add(new Joined(group, 1));
        }
        return new Membership(changed, order);
    }

    /// One more group, of `dataDisks` data disks.
    Membership grownBy(int dataDisks) {
        List<DiskLabel.GroupMembers> changed = new ArrayList<>(groups);
        changed.add(new DiskLabel.GroupMembers(dataDisks, 0));
        List<Joined> order = new ArrayList<>(joined);
        order.add(new Joined(groups.size(), dataDisks));
        return new Membership(changed, order);
    }

    /// Whether `group` and `slot` exist.
    public boolean has(int group, int slot) {
        return group >= 0 && group < groups.size() && slot >= 0 && slot < groups.get(group).slots();
    }
}
