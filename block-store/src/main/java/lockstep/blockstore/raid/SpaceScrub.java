package lockstep.blockstore.raid;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoFault;

import java.util.List;

/// The steps of a scrub of a [VbnSpace]; in what order and how fast they follow each other is the
/// caller's. A step is what some neighbouring checksum pages cover, side by side: the page itself,
/// of every slot, then its stripes. Each takes the locks it needs, so steps may run beside
/// everything else.
public final class SpaceScrub {
    /// Stripes under one lock: of as many, checksums and XOR take well under a millisecond.
    private static final int BLOCKS_OF_A_SLICE = 256;

    // While the stripes of one page are judged, the disks read those of another.
    private static final int PAGES_OF_A_STEP = 4;

    private static final int TRIES = 20;
    private static final long PAUSE_NANOS = 50_000_000;

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

    /// Blocks that step `step` of `group` reads.
    public long blocks(int group, long step) {
        RaidGroup of = groups.get(group);
        long blocks = 0;
        for (long page = step * PAGES_OF_A_STEP; page < pagesEnd(of, step); page++) {
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
        RaidGroup of = groups.get(group);
        Together pages = new Together(_ -> of.disks().loop().execute(done));
        for (long page = step * PAGES_OF_A_STEP; page < pagesEnd(of, step); page++) {
            var one = pages.one();
            scrub(of, page, () -> one.ended(null));
        }
        pages.start();
    }

    // First the page, because the stripes are judged by it.
    private void scrub(RaidGroup group, long page, Runnable done) {
        int rebuilding = group.disks().rebuildingSlot();
        if (rebuilding >= 0 && !group.disks().pageReadable(rebuilding, page)) {
            // The rebuild is about to verify all of it, and cannot be told from damage before.
            done.run();
            return;
        }
        scrubPages(group, page, 0, () -> scrubStripes(group, page, done));
    }

    private void scrubPages(RaidGroup group, long page, int tries, Runnable done) {
        long dbn = page * DiskLayout.ENTRIES_PER_PAGE;
        int count = stripes(group, page);
        group.checksums()
                .pin(
                        dbn,
                        count,
                        fault -> {
                            if (fault != null) {
                                tellLost(group, page, fault);
                                done.run();
                                return;
                            }
                            boolean[] busy = new boolean[1];
                            Together pages =
                                    new Together(
                                            _ -> {
                                                group.checksums().unpin(dbn, count);
                                                if (busy[0] && tries < TRIES) {
                                                    later(group, page, tries + 1, done);
                                                } else {
                                                    done.run();
                                                }
                                            });
                            for (int slot = 0; slot < group.slots(); slot++) {
                                busy[0] |= !scrubPage(group, slot, page, pages);
                            }
                            pages.start();
                        });
    }

    private void later(RaidGroup group, long page, int tries, Runnable done) {
        group.disks()
                .loop()
                .clock()
                .schedule(PAUSE_NANOS, () -> scrubPages(group, page, tries, done));
    }

    // A page that is being changed is what a consistency point is about to write to both places:
    // it is looked at when that is over.
    private boolean scrubPage(RaidGroup group, int slot, long page, Together pages) {
        ChecksumPage held = group.checksums().hold(slot, page);
        if (held == null) {
            return false;
        }
        var one = pages.one();
        new PageScrub(
                        group.disks(),
                        listener,
                        held,
                        () -> {
                            group.checksums().free(held);
                            one.ended(null);
                        })
                .run();
        return true;
    }

    private void tellLost(RaidGroup group, long page, IoFault fault) {
        listener.found(
                new ScrubFinding(
                        ScrubFinding.Kind.LOST,
                        group.disks().index(),
                        0,
                        page * DiskLayout.ENTRIES_PER_PAGE,
                        -1,
                        ScrubFinding.UNKNOWN,
                        ScrubFinding.UNKNOWN,
                        fault.reason()));
    }

    // All of them at once, so that the disks have something to read while others are judged.
    private void scrubStripes(RaidGroup group, long page, Runnable done) {
        int all = stripes(group, page);
        int most = Math.clamp(BLOCKS_OF_A_SLICE / group.slots(), 1, StripeChunk.MAXIMUM);
        Together runs = new Together(_ -> done.run());
        for (int from = 0; from < all && group.disks().lost() == null; from += most) {
            long dbn = page * DiskLayout.ENTRIES_PER_PAGE + from;
            int count = Math.min(most, all - from);
            var one = runs.one();
            Runnable ended = () -> one.ended(null);
            new StripeScrub(group, space, noted, listener, dbn, count, ended).run();
        }
        runs.start();
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
