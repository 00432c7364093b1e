package lockstep.blockstore.raid;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.disk.DiskLayout;

import java.util.List;

/// The steps of a scrub of a [VbnSpace]; in what order and how fast they follow each other is the
/// caller's. A step is what some neighbouring checksum pages cover ([ScrubWalk]). Each takes the
/// locks it needs, so steps may run beside everything else.
public final class SpaceScrub {
    // By this the record of where a scrub is counts.
    private static final int PAGES_OF_A_STEP = 4;

    private final VbnSpace space;
    private final List<RaidGroup> groups;
    private final NotedStripes noted;
    private final ScrubListener listener;

    SpaceScrub(VbnSpace space, NotedStripes noted, ScrubListener listener) {
        this.space = space;
        this.groups = space.groups();
        this.noted = noted;
        this.listener = listener;
    }

    /// Groups in the space.
    public int groups() {
        return groups.size();
    }

    /// Steps that `group` has.
    public long steps(int group) {
        return Math.ceilDiv(groups.get(group).disks().layout().pages(), PAGES_OF_A_STEP);
    }

    private static long pagesEnd(RaidGroup group, long step) {
        return Math.min((step + 1) * PAGES_OF_A_STEP, group.disks().layout().pages());
    }

    /// Blocks that `count` steps of `group` from `step` on read.
    public long blocks(int group, long step, int count) {
        RaidGroup of = groups.get(group);
        long blocks = 0;
        for (long page = step * PAGES_OF_A_STEP; page < pagesEnd(of, step + count - 1); page++) {
            blocks += of.slots() * (stripes(of, page) + 4L);
        }
        return blocks;
    }

    private static int stripes(RaidGroup group, long page) {
        long first = page * DiskLayout.ENTRIES_PER_PAGE;
        long left = group.disks().layout().dbnCount() - first;
        return (int) Math.min(DiskLayout.ENTRIES_PER_PAGE, left);
    }

    /// Does step `step` of `group`.
    public void step(int group, long step, Runnable done) {
        steps(group, step, 1, done);
    }

    /// Does `count` steps of `group` from `step` on, as if they were one: the disks never wait
    /// between them.
    public void steps(int group, long step, int count, Runnable done) {
        RaidGroup of = groups.get(group);
        long first = step * PAGES_OF_A_STEP;
        long pages = pagesEnd(of, step + count - 1) - first;
        Runnable ended = () -> of.disks().loop().execute(done);
        new ScrubWalk(of, space, noted, listener, first, pages, ended).run();
    }

    /// Whether both VBNs are on one disk.
    public boolean isBeside(long vbn, long other) {
        RaidGeometry geometry = space.geometry();
        return geometry.groupOf(vbn) == geometry.groupOf(other)
                && geometry.slotOf(vbn) == geometry.slotOf(other);
    }

    /// Looks whether consecutive VBNs of one disk hold what the pointers of image `image` ask for.
    public void probe(long vbn, int[] crcs, CpId image, PointerProbe.Handler done) {
        RaidGeometry geometry = space.geometry();
        RaidGroup group = groups.get(geometry.groupOf(vbn));
        new PointerProbe(group, geometry, listener, vbn, crcs, image, done).run();
    }
}
