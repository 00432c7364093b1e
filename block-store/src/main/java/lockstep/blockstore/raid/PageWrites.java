package lockstep.blockstore.raid;

import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/// Writes the checksum pages of one group that were changed, neighbours with one request, and knows
/// of those that were written and not flushed yet.
final class PageWrites {
    // Together they keep the disks busy, and each slice of the loop below a millisecond.
    private static final int LANES = 4;
    private static final Comparator<ChecksumPage> BY_PLACE =
            Comparator.<ChecksumPage>comparingInt(page -> page.slot)
                    .thenComparingLong(page -> page.page);
    private static final int PAGES_OF_A_LANE = 32;

    private final GroupDisks disks;
    private final TrafficCount traffic;
    private final Consumer<ChecksumPage> durable;
    private final List<ChecksumPage> dirty = new ArrayList<>();
    private final List<ChecksumPage> written = new ArrayList<>();
    private final List<IoCompletion> queued = new ArrayList<>();
    private long queuedEnd;
    private boolean writing;

    /// `durable` hears of each page that was written and has been flushed.
    PageWrites(GroupDisks disks, TrafficCount traffic, Consumer<ChecksumPage> durable) {
        this.disks = disks;
        this.traffic = traffic;
        this.durable = durable;
    }

    /// `page` was not to be written yet, and is now.
    void add(ChecksumPage page) {
        dirty.add(page);
    }

    /// Writes all changed pages to both their places, some at a time. One such call at a time is
    /// under way: of two writes of one page at once, the older might land last.
    void writeDirty(IoCompletion done) {
        writeDirty(Long.MAX_VALUE, done);
    }

    /// As [#writeDirty], of the pages whose stripes all come before `dbn`: for who changes no more
    /// of them, and goes on with others meanwhile.
    void writeDirtyBelow(long dbn, IoCompletion done) {
        writeDirty(dbn / DiskLayout.ENTRIES_PER_PAGE, done);
    }

    private void writeDirty(long end, IoCompletion done) {
        if (writing) {
            queued.add(done);
            queuedEnd = Math.max(queuedEnd, end);
            return;
        }
        writing = true;
        writeAll(
                end,
                fault -> {
                    writing = false;
                    List<IoCompletion> next = List.copyOf(queued);
                    queued.clear();
                    long nextEnd = queuedEnd;
                    queuedEnd = 0;
                    if (!next.isEmpty()) {
                        writeDirty(nextEnd, ended -> next.forEach(one -> one.ended(ended)));
                    }
                    done.ended(fault);
                });
    }

    private void writeAll(long end, IoCompletion done) {
        ArrayDeque<ChecksumPage> waiting = new ArrayDeque<>();
        dirty.sort(BY_PLACE);
        for (ChecksumPage page : dirty) {
            if (page.page < end) {
                waiting.add(page);
            }
        }
        dirty.removeIf(page -> page.page < end);
        Together lanes = new Together(done);
        for (int lane = 0; lane < LANES; lane++) {
            writeLane(waiting, lanes.one());
        }
        lanes.start();
    }

    private void writeLane(ArrayDeque<ChecksumPage> waiting, IoCompletion done) {
        if (waiting.isEmpty()) {
            done.ended(null);
            return;
        }
        Together some =
                new Together(
                        fault -> {
                            if (fault != null) {
                                done.ended(fault);
                            } else {
                                writeLane(waiting, done);
                            }
                        });
        for (int pages = 0; pages < PAGES_OF_A_LANE && !waiting.isEmpty(); ) {
            List<ChecksumPage> run = nextRun(waiting);
            writeRun(run, some);
            pages += run.size();
        }
        some.start();
    }

    // Pages whose next copies stand side by side; one that is held waits by itself.
    private List<ChecksumPage> nextRun(ArrayDeque<ChecksumPage> waiting) {
        ChecksumPage first = waiting.removeFirst();
        List<ChecksumPage> run = new ArrayList<>(List.of(first));
        int most = disks.layout().neighbours(first.page, PageSpan.MAXIMUM);
        while (run.size() < most && !waiting.isEmpty() && !first.held) {
            ChecksumPage next = waiting.getFirst();
            boolean joins =
                    next.slot == first.slot
                            && next.page == first.page + run.size()
                            && next.writeSlot() == first.writeSlot()
                            && !next.held;
            if (!joins) {
                break;
            }
            run.add(waiting.removeFirst());
        }
        return run;
    }

    private void writeRun(List<ChecksumPage> run, Together together) {
        ChecksumPage first = run.getFirst();
        if (first.held) {
            IoCompletion one = together.one();
            first.whenFree =
                    () -> {
                        Together now = new Together(one);
                        writeRun(run, now);
                        now.start();
                    };
            return;
        }
        List<ByteBuffer> sealed = new ArrayList<>();
        List<Landed> begun = new ArrayList<>();
        for (ChecksumPage page : run) {
            sealed.add(page.sealed());
            page.dirty = false;
            if (!page.written) {
                page.written = true;
                written.add(page);
            }
            begun.add(new Landed(page, ++page.writes));
        }
        IoCompletion one = together.one();
        Together places =
                new Together(
                        fault -> {
                            begun.forEach(write -> write.page().landed = write.number());
                            one.ended(fault);
                        });
        traffic.wrotePage(2 * run.size());
        for (int place = 0; place < 2; place++) {
            disks.write(
                    PageCopies.holder(disks, first.slot, place),
                    disks.layout().checksumPage(place == 1, first.page, first.writeSlot()),
                    sealed.stream().map(ByteBuffer::duplicate).toList(),
                    places.one());
        }
        places.start();
    }

    /// A page as it is on all its disks, not flushed yet.
    record Landed(ChecksumPage page, int number) {}

    /// What a flush that is issued now covers.
    List<Landed> landed() {
        List<Landed> all = new ArrayList<>();
        for (ChecksumPage page : written) {
            if (page.landed == page.writes) {
                all.add(new Landed(page, page.writes));
            }
        }
        return all;
    }

    /// `covered` has been flushed. A page that was written again meanwhile waits for the next.
    void flushed(List<Landed> covered) {
        for (Landed one : covered) {
            ChecksumPage page = one.page();
            if (page.written && page.writes == one.number()) {
                page.written = false;
                page.durableSequence++;
                durable.accept(page);
            }
        }
        written.removeIf(page -> !page.written);
    }

    /// Where the first stripe is that has an entry in a page that was written and is not flushed.
    long unflushedFrom() {
        long from = Long.MAX_VALUE;
        for (ChecksumPage page : written) {
            from = Math.min(from, page.page * DiskLayout.ENTRIES_PER_PAGE);
        }
        return from;
    }
}
