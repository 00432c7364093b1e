package lockstep.blockstore.raid;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoFault;

import java.util.List;

/// The steps of a scrub of a [VbnSpace]; in what order and how fast they follow each other is the
/// caller's. A step is what one checksum page covers: the page itself, of every slot, and its
/// stripes. Each step takes the locks it needs, so steps may run beside everything else.
public final class SpaceScrub {
    /// Stripes under one lock: of as many, checksums and XOR take well under a millisecond.
    private static final int BLOCKS_OF_A_SLICE = 256;

    private static final int TRIES = 20;
    private static final long PAUSE_NANOS = 50_000_000;

    private final RaidGeometry geometry;
    private final List<RaidGroup> groups;
    private final NotedStripes noted;
    private final ScrubListener listener;

    SpaceScrub(
            RaidGeometry geometry,
            List<RaidGroup> groups,
            NotedStripes noted,
            ScrubListener listener) {
        this.geometry = geometry;
        this.groups = List.copyOf(groups);
        this.noted = noted;
        this.listener = listener;
    }

    /// Groups in the space.
    public int groups() {
        return groups.size();
    }

    /// Steps that `group` has.
    public long steps(int group) {
        return groups.get(group).disks().layout().pages();
    }

    /// Blocks that step `step` of `group` reads.
    public long blocks(int group, long step) {
        return groups.get(group).slots() * (stripes(groups.get(group), step) + 4L);
    }

    private static int stripes(RaidGroup group, long step) {
        long first = step * DiskLayout.ENTRIES_PER_PAGE;
        long left = group.disks().layout().dbnCount() - first;
        return (int) Math.min(DiskLayout.ENTRIES_PER_PAGE, left);
    }

    /// Does step `step` of `group`: first the pages, because the stripes are judged by them.
    public void step(int group, long step, Runnable done) {
        RaidGroup of = groups.get(group);
        int rebuilding = of.disks().rebuildingSlot();
        if (rebuilding >= 0 && !of.disks().pageReadable(rebuilding, step)) {
            // The rebuild is about to verify all of it, and cannot be told from damage before.
            of.disks().loop().execute(done);
            return;
        }
        scrubPages(of, step, 0, () -> scrubStripes(of, step, 0, done));
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

    private void scrubStripes(RaidGroup group, long step, int from, Runnable done) {
        int all = stripes(group, step);
        if (from >= all || group.disks().lost() != null) {
            done.run();
            return;
        }
        int most = Math.clamp(BLOCKS_OF_A_SLICE / group.slots(), 1, StripeChunk.MAXIMUM);
        int count = Math.min(most, all - from);
        new StripeScrub(
                        group,
                        geometry,
                        noted,
                        listener,
                        step * DiskLayout.ENTRIES_PER_PAGE + from,
                        count,
                        () ->
                                group.disks()
                                        .loop()
                                        .execute(
                                                () ->
                                                        scrubStripes(
                                                                group, step, from + count, done)))
                .run();
    }

    /// Whether both VBNs are on one disk.
    public boolean isBeside(long vbn, long other) {
        return geometry.groupOf(vbn) == geometry.groupOf(other)
                && geometry.slotOf(vbn) == geometry.slotOf(other);
    }

    /// Looks whether consecutive VBNs of one disk hold what the pointers of image `image` ask for.
    public void probe(long vbn, int[] crcs, CpId image, PointerProbe.Handler done) {
        RaidGroup group = groups.get(geometry.groupOf(vbn));
        new PointerProbe(group, geometry, listener, vbn, crcs, image, done).run();
    }
}
