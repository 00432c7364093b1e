package lockstep.blockstore.raid;

import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Has some neighbouring checksum pages of every slot looked at ([PageScrub]): their copies are
/// read together ([PageSpan]), while nobody may write them. What cannot be looked at like this,
/// because it is being changed or is lost somewhere, is looked at page by page.
final class PagesScrub {
    private static final int TRIES = 20;
    private static final long PAUSE_NANOS = 50_000_000;

    private final RaidGroup group;
    private final ScrubListener listener;
    private final long page;
    private final int count;
    private final boolean[] alone;
    private final Runnable done;

    PagesScrub(RaidGroup group, ScrubListener listener, long page, int count, Runnable done) {
        this.group = group;
        this.listener = listener;
        this.page = page;
        this.count = count;
        this.alone = new boolean[count];
        this.done = done;
    }

    /// Behind the last stripe of the pages before `endPage`.
    static long end(RaidGroup group, long endPage) {
        long dbnCount = group.disks().layout().dbnCount();
        return Math.min(endPage * DiskLayout.ENTRIES_PER_PAGE, dbnCount);
    }

    private long start(long of) {
        return of * DiskLayout.ENTRIES_PER_PAGE;
    }

    private long stripes(long from, long to) {
        return end(group, to) - start(from);
    }

    void run() {
        group.checksums().ahead(page, count, this::pinAll);
    }

    private void pinAll() {
        group.checksums()
                .pin(
                        start(page),
                        stripes(page, page + count),
                        fault -> {
                            if (fault != null) {
                                Arrays.fill(alone, true);
                                oneByOne();
                            } else {
                                together();
                            }
                        });
    }

    private void together() {
        Together slots =
                new Together(
                        _ -> {
                            group.checksums().unpin(start(page), stripes(page, page + count));
                            oneByOne();
                        });
        for (int slot = 0; slot < group.slots(); slot++) {
            holdAndRead(slot, slots);
        }
        slots.start();
    }

    // A page that is being changed is what a consistency point is about to write to both places:
    // it is looked at when that is over.
    private void holdAndRead(int slot, Together slots) {
        List<PageScrub> held = new ArrayList<>();
        for (int i = 0; i <= count; i++) {
            ChecksumPage one = i < count ? group.checksums().hold(slot, page + i) : null;
            if (one != null) {
                held.add(scrub(one, slots.one()));
                continue;
            }
            if (i < count) {
                alone[i] = true;
            }
            if (!held.isEmpty()) {
                read(slot, page + i - held.size(), List.copyOf(held), slots.one());
                held.clear();
            }
        }
    }

    private void read(int slot, long from, List<PageScrub> held, IoCompletion done) {
        PageSpan.read(
                group.disks(),
                slot,
                from,
                held.size(),
                span -> {
                    held.forEach(one -> one.run(span));
                    done.ended(null);
                });
    }

    private PageScrub scrub(ChecksumPage held, IoCompletion done) {
        return new PageScrub(
                group.disks(),
                listener,
                held,
                () -> {
                    group.checksums().free(held);
                    done.ended(null);
                });
    }

    private void oneByOne() {
        Together pages = new Together(_ -> done.run());
        for (int i = 0; i < count; i++) {
            if (alone[i]) {
                IoCompletion one = pages.one();
                scrubOne(page + i, 0, () -> one.ended(null));
            }
        }
        pages.start();
    }

    private void scrubOne(long number, int tries, Runnable done) {
        long dbn = start(number);
        long stripes = stripes(number, number + 1);
        group.checksums()
                .pin(
                        dbn,
                        stripes,
                        fault -> {
                            if (fault != null) {
                                tellLost(number, fault);
                                done.run();
                                return;
                            }
                            boolean[] busy = new boolean[1];
                            Together pages =
                                    new Together(
                                            _ -> {
                                                group.checksums().unpin(dbn, stripes);
                                                if (busy[0] && tries < TRIES) {
                                                    later(number, tries + 1, done);
                                                } else {
                                                    done.run();
                                                }
                                            });
                            for (int slot = 0; slot < group.slots(); slot++) {
                                ChecksumPage held = group.checksums().hold(slot, number);
                                busy[0] |= held == null;
                                if (held != null) {
                                    scrub(held, pages.one()).run(null);
                                }
                            }
                            pages.start();
                        });
    }

    private void later(long number, int tries, Runnable done) {
        group.disks().loop().clock().schedule(PAUSE_NANOS, () -> scrubOne(number, tries, done));
    }

    private void tellLost(long number, IoFault fault) {
        listener.found(
                new ScrubFinding(
                        ScrubFinding.Kind.LOST,
                        group.disks().index(),
                        0,
                        start(number),
                        -1,
                        ScrubFinding.UNKNOWN,
                        ScrubFinding.UNKNOWN,
                        fault.reason()));
    }
}
