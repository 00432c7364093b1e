package lockstep.blockstore.raid;

import lockstep.blockstore.disk.DiskLayout;

import java.util.ArrayDeque;

/// The scrub of what neighbouring checksum pages of one group cover: first the pages, some at once,
/// because stripes are judged by them; then their stripes. The pages that come next are read while
/// the stripes before them are, and of these so many are under way all the time that each thread of
/// each disk has something to do: whoever waits for all of them before he asks for more leaves the
/// disks idle once for each such step.
///
/// Others go first: while they use the disks, there is one run at a time.
///
/// Bounded: [#RUNS_UNDER_WAY] runs of [StripeChunk#MAXIMUM] stripes, 256 KiB of each disk, and two
/// [PageSpan]s of each.
final class ScrubWalk {
    private static final int RUNS_UNDER_WAY = 6;

    private final RaidGroup group;
    private final VbnSpace space;
    private final NotedStripes noted;
    private final ScrubListener listener;
    private final long endPage;
    private final Runnable done;
    // Stripes whose pages have been looked at.
    private final ArrayDeque<StripeRange> ready = new ArrayDeque<>();
    private long nextPage;
    private boolean inPages;
    private int pageRequests;
    private final OwnRequests requests = new OwnRequests();
    private int underWay;
    private boolean filling;
    private boolean ended;

    /// Scrubs what `pages` pages from `page` on cover.
    ScrubWalk(
            RaidGroup group,
            VbnSpace space,
            NotedStripes noted,
            ScrubListener listener,
            long page,
            long pages,
            Runnable done) {
        this.group = group;
        this.space = space;
        this.noted = noted;
        this.listener = listener;
        this.nextPage = page;
        this.endPage = page + pages;
        this.done = done;
    }

    void run() {
        // What ends inside the call is taken up by the loop that runs already.
        if (filling || ended) {
            return;
        }
        filling = true;
        boolean more = true;
        while (more) {
            more = false;
            if (!inPages && nextPage < endPage && ready.size() < RUNS_UNDER_WAY) {
                scrubNextPages();
                more = true;
            }
            if (!ready.isEmpty() && underWay < runsAllowed()) {
                scrubStripes(ready.removeFirst());
                more = true;
            }
        }
        filling = false;
        if (!inPages && underWay == 0 && ready.isEmpty()) {
            ended = true;
            done.run();
        }
    }

    private int runsAllowed() {
        int own = requests.underWay() + (inPages ? pageRequests : 0);
        boolean busy = group.disks().underWay() > own;
        return busy ? 1 : RUNS_UNDER_WAY;
    }

    private void scrubStripes(StripeRange range) {
        if (group.disks().lost() != null) {
            return;
        }
        underWay++;
        new StripeScrub(group, space, noted, listener, range, requests, this::stripesEnded).run();
    }

    // Through the loop, so that runs which end at once do not add up to a long task.
    private void stripesEnded() {
        group.disks()
                .loop()
                .execute(
                        () -> {
                            underWay--;
                            run();
                        });
    }

    private void scrubNextPages() {
        long page = nextPage;
        int most = PageSpan.length(page, endPage - page);
        int count = readable(page, most);
        nextPage = page + Math.max(1, count);
        if (count == 0) {
            // The rebuild is about to verify all of it, and cannot be told from damage before.
            return;
        }
        inPages = true;
        pageRequests = group.slots() * PageSpan.requests(group.disks().layout(), page, count);
        new PagesScrub(group, listener, page, count, () -> pagesEnded(page, count)).run();
    }

    private void pagesEnded(long page, int count) {
        inPages = false;
        long dbn = page * DiskLayout.ENTRIES_PER_PAGE;
        long end = PagesScrub.end(group, page + count);
        while (dbn < end) {
            // A run ends with its page, so that it needs one of each slot.
            int run = RebuildRun.lengthAt(dbn, end);
            ready.add(new StripeRange(dbn, run));
            dbn += run;
        }
        run();
    }

    // Of a disk that is rebuilt the first pages are.
    private int readable(long page, int most) {
        int rebuilding = group.disks().rebuildingSlot();
        int count = 0;
        while (count < most
                && (rebuilding < 0 || group.disks().pageReadable(rebuilding, page + count))) {
            count++;
        }
        return count;
    }
}
