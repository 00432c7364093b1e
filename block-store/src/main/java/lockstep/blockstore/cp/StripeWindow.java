package lockstep.blockstore.cp;

import lockstep.blockstore.block.BlockSpace.StripeSet;

import java.util.BitSet;
import java.util.TreeSet;

/// Neighbouring stripes of a group: DBNs `dbn` to `dbn + depth` of every data disk. Of the VBNs in
/// it those from `limit` on are not the volume's, and count as used.
record StripeWindow(StripeSet set, long dbn, int depth, long limit) {
    /// Blocks in it.
    long size() {
        return (long) depth * set.dataDisks();
    }

    /// The VBN of stripe `offset` of the window on data disk `disk`.
    long vbn(int disk, int offset) {
        return set.vbn(disk, dbn + offset);
    }

    /// The pages of the space map that describe it.
    int[] pages() {
        TreeSet<Integer> pages = new TreeSet<>();
        for (int disk = 0; disk < set.dataDisks(); disk++) {
            int inside = inside(disk);
            if (inside > 0) {
                int last = SpaceMap.pageOf(vbn(disk, inside - 1));
                for (int page = SpaceMap.pageOf(vbn(disk, 0)); page <= last; page++) {
                    pages.add(page);
                }
            }
        }
        return pages.stream().mapToInt(Integer::intValue).toArray();
    }

    /// Blocks of it that are used; its pages of `map` are in memory.
    long used(SpaceMap map) {
        long used = 0;
        for (int disk = 0; disk < set.dataDisks(); disk++) {
            int inside = inside(disk);
            used += depth - inside + map.usedIn(vbn(disk, 0), inside);
        }
        return used;
    }

    /// The stripes of it none of whose blocks is used; its pages of `map` are in memory.
    BitSet wholeStripes(SpaceMap map) {
        BitSet whole = all();
        for (int disk = 0; disk < set.dataDisks(); disk++) {
            int inside = inside(disk);
            whole.clear(inside, depth);
            map.clearUsed(vbn(disk, 0), inside, whole);
        }
        return whole;
    }

    /// All stripes of it.
    BitSet all() {
        BitSet all = new BitSet(depth);
        all.set(0, depth);
        return all;
    }

    private int inside(int disk) {
        return Math.clamp(limit - vbn(disk, 0), 0, depth);
    }
}
