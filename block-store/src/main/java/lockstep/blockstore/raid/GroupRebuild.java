package lockstep.blockstore.raid;

import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.util.TreeSet;

/// Fills the disk that is in the place of one that left, beside everything else that goes on in its
/// group: runs of stripes from the first to the last, each by a [RebuildRun], a few of them at once
/// so that some read while others write; now and then, while they go on, a flush, by which those
/// count ([GroupDisks#readable]) that have ended before it, with all before them; now and then a
/// note in the labels, where a restart goes on. Doing stripes again gives the same.
///
/// Why the flush: below the watermark stripes are written like those of a whole group, and that
/// counts on every block being there after a power cut. Every checksum page too: if somebody is
/// just writing one again, the watermark stops before it until the next flush.
///
/// Others go first. While they use the disks there is one run at a time, and a pause before each.
///
/// It ends when the disk is a member like any other, or has left, or the group is lost.
public final class GroupRebuild {
    private static final long PAUSE_NANOS = 5_000_000;
    private static final int PAUSES_MOST = 4;
    private static final long FLUSH_AGAIN_NANOS = 50_000_000;

    // Of 256 KiB from each disk, or to the one: as many as keep the threads of every disk busy.
    private static final int RUNS_UNDER_WAY = 6;
    private static final int PAGES_AHEAD = PageSpan.MAXIMUM / 2;

    private final RaidGroup group;
    private final GroupDisks disks;
    private final RebuildPace pace;
    private final int slot;
    private final @Nullable Disk disk;
    private final long startedNanos;
    private final long startedAt;
    // Where the next run begins.
    private long position;
    // The first stripes of the runs under way.
    private final TreeSet<Long> underWay = new TreeSet<>();
    private final OwnRequests requests = new OwnRequests();
    private long pagesLoaded;
    // Requests for pages, under way.
    private int loading;
    private boolean waiting;
    private boolean flushing;
    private long flushedTo;
    private long notedTo;
    private long blocks;
    private long lostBlocks;
    private long dueNanos;
    private int pauses;
    private boolean ended;

    GroupRebuild(RaidGroup group, RebuildPace pace) {
        this.group = group;
        this.disks = group.disks();
        this.pace = pace;
        this.slot = disks.rebuildingSlot();
        this.disk = disks.disk(slot);
        this.position = disks.watermark();
        this.flushedTo = position;
        this.notedTo = position;
        this.startedAt = position;
        this.startedNanos = clock().nanoTime();
        this.dueNanos = startedNanos;
    }

    /// How far it is: stripes done and in all, blocks written and lost in this run of the program,
    /// and how long the rest will take if it goes on like this (-1 if nothing is known yet).
    public record Progress(
            int slot, long done, long all, long blocks, long lostBlocks, long nanos, long left) {}

    /// How far it is.
    public Progress progress() {
        long nanos = clock().nanoTime() - startedNanos;
        long all = disks.layout().dbnCount();
        long walked = doneTo() - startedAt;
        long left = walked == 0 ? -1 : (long) ((double) nanos / walked * (all - doneTo()));
        return new Progress(slot, doneTo(), all, blocks, lostBlocks, nanos, left);
    }

    /// Whether it has not ended.
    public boolean goesOn() {
        return !isOver();
    }

    void start() {
        String name = disk == null ? "" : disk.name();
        disks.events().rebuildBegan(disks.index(), slot, name);
        disks.loop().execute(this::next);
    }

    void stop() {
        ended = true;
    }

    private Clock clock() {
        return disks.loop().clock();
    }

    private boolean isOver() {
        boolean same = disk != null && disk.live() && disks.rebuildingSlot() == slot;
        return ended || !same || disks.lost() != null;
    }

    // All runs before it have ended.
    private long doneTo() {
        return underWay.isEmpty() ? position : underWay.first();
    }

    // Starts what may be started; called again when something has ended or a pause is over.
    private void next() {
        if (isOver()) {
            return;
        }
        flushWhenDue();
        long all = disks.layout().dbnCount();
        if (waiting || position == all || underWay.size() == RUNS_UNDER_WAY) {
            return;
        }
        boolean busy = othersAreBusy();
        if (busy && !underWay.isEmpty()) {
            return;
        }
        if (busy && pauses < PAUSES_MOST) {
            pauses++;
            later(PAUSE_NANOS);
        } else if (dueNanos > clock().nanoTime()) {
            later(dueNanos - clock().nanoTime());
        } else {
            pauses = 0;
            loadPages();
            run(RebuildRun.lengthAt(position, all));
            disks.loop().execute(this::next);
        }
    }

    private boolean othersAreBusy() {
        return disks.underWay() - requests.underWay() - loading > pace.busy();
    }

    // Before the runs need them, and many at once.
    private void loadPages() {
        long page = position / DiskLayout.ENTRIES_PER_PAGE;
        long from = Math.max(page, pagesLoaded);
        long left = disks.layout().pages() - from;
        if (left > 0 && from < page + PAGES_AHEAD) {
            int count = PageSpan.length(from, left);
            int asked = disks.slots() * PageSpan.requests(disks.layout(), from, count);
            pagesLoaded = from + count;
            loading += asked;
            group.checksums().ahead(from, count, () -> loading -= asked);
        }
    }

    private void run(int count) {
        long from = position;
        position += count;
        underWay.add(from);
        new RebuildRun(
                        group,
                        slot,
                        new StripeRange(from, count),
                        requests,
                        (written, lost, fault) -> ran(from, count, written, lost, fault))
                .start();
    }

    private void later(long nanos) {
        waiting = true;
        clock().schedule(
                        nanos,
                        () -> {
                            waiting = false;
                            next();
                        });
    }

    // Checksum pages that are lost in both places are told of where they are needed, and cost what
    // stands under them, not the rest of the disk.
    private void ran(long from, int count, int written, int lost, @Nullable IoFault fault) {
        if (isOver()) {
            return;
        }
        underWay.remove(from);
        blocks += written;
        lostBlocks += fault == null ? lost : count;
        long now = clock().nanoTime();
        // Where nothing stands, looking is not for free either.
        long cost = pace.nanosFor(Math.max(written, disks.slots()));
        dueNanos = Math.max(dueNanos, now - cost) + cost;
        disks.loop().execute(this::next);
    }

    private void flushWhenDue() {
        long upTo = doneTo();
        boolean due =
                upTo - flushedTo >= pace.stripesPerFlush() || upTo == disks.layout().dbnCount();
        if (due && !flushing) {
            flushing = true;
            group.flushMeanwhile(
                    fault -> {
                        if (!isOver() && fault == null) {
                            flushed(Math.min(upTo, group.checksums().writes().unflushedFrom()));
                        }
                    });
        }
    }

    private void flushed(long upTo) {
        if (upTo <= flushedTo && flushedTo < disks.layout().dbnCount()) {
            clock().schedule(FLUSH_AGAIN_NANOS, this::flushEnded);
            return;
        }
        flushedTo = Math.max(flushedTo, upTo);
        boolean all = flushedTo == disks.layout().dbnCount();
        boolean noted = all || flushedTo - notedTo >= pace.stripesPerNote();
        notedTo = noted ? flushedTo : notedTo;
        disks.rebuiltTo(
                flushedTo,
                noted,
                fault -> {
                    if (isOver() || fault != null) {
                        return;
                    }
                    if (all) {
                        finish();
                    } else {
                        flushEnded();
                    }
                });
    }

    private void flushEnded() {
        flushing = false;
        next();
    }

    private void finish() {
        disks.rebuilt(
                fault -> {
                    ended = true;
                    if (fault == null && disk != null) {
                        disks.events().rebuildEnded(disks.index(), slot, disk.name(), lostBlocks);
                    }
                });
    }
}
