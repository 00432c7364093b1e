package lockstep.blockstore.raid;

import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

/// Fills the disk that is in the place of one that left, beside everything else that goes on in its
/// group: runs of stripes from the first to the last, each by a [RebuildRun], a few of them at once
/// so that some read while others write; now and then, when all of them have ended, a flush, by
/// which they count ([GroupDisks#readable]); now and then a note in the labels, where a restart
/// goes on. Doing stripes again gives the same.
///
/// Why the flush: below the watermark stripes are written like those of a whole group, and that
/// counts on every block being there after a power cut.
///
/// It ends when the disk is a member like any other, or has left, or the group is lost.
public final class GroupRebuild {
    private static final long PAUSE_NANOS = 5_000_000;
    private static final int PAUSES_MOST = 4;
    private static final int RUNS_UNDER_WAY = 3;

    private final RaidGroup group;
    private final GroupDisks disks;
    private final RebuildPace pace;
    private final int slot;
    private final @Nullable Disk disk;
    private final long startedNanos;
    private final long startedAt;
    // Where the next run begins.
    private long position;
    private int underWay;
    private boolean waiting;
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
        long walked = position - startedAt;
        long left = walked == 0 ? -1 : (long) ((double) nanos / walked * (all - position));
        return new Progress(slot, position, all, blocks, lostBlocks, nanos, left);
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

    // Starts what may be started; called again when something has ended or a pause is over.
    private void next() {
        if (isOver() || waiting) {
            return;
        }
        long all = disks.layout().dbnCount();
        if (position - flushedTo >= pace.stripesPerFlush() || position == all) {
            if (underWay == 0) {
                waiting = true;
                flush();
            }
        } else if (underWay == RUNS_UNDER_WAY) {
            return;
        } else if (othersAreBusy() && pauses < PAUSES_MOST) {
            pauses++;
            later(PAUSE_NANOS);
        } else if (dueNanos > clock().nanoTime()) {
            later(dueNanos - clock().nanoTime());
        } else {
            pauses = 0;
            run(RebuildRun.lengthAt(position, all));
            disks.loop().execute(this::next);
        }
    }

    // A run of its own has a request to each disk under way, or fewer.
    private boolean othersAreBusy() {
        return disks.underWay() - underWay * disks.slots() > pace.busy();
    }

    private void run(int count) {
        long from = position;
        position += count;
        underWay++;
        new RebuildRun(
                        group,
                        slot,
                        from,
                        count,
                        (written, lost, fault) -> ran(count, written, lost, fault))
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
    private void ran(int count, int written, int lost, @Nullable IoFault fault) {
        if (isOver()) {
            return;
        }
        underWay--;
        blocks += written;
        lostBlocks += fault == null ? lost : count;
        long now = clock().nanoTime();
        // Where nothing stands, looking is not for free either.
        long cost = pace.nanosFor(Math.max(written, disks.slots()));
        dueNanos = Math.max(dueNanos, now - cost) + cost;
        disks.loop().execute(this::next);
    }

    private void flush() {
        long upTo = position;
        group.flushMeanwhile(
                fault -> {
                    if (!isOver() && fault == null) {
                        flushed(upTo);
                    }
                });
    }

    private void flushed(long upTo) {
        waiting = false;
        flushedTo = upTo;
        boolean all = upTo == disks.layout().dbnCount();
        boolean noted = all || upTo - notedTo >= pace.stripesPerNote();
        notedTo = noted ? upTo : notedTo;
        disks.rebuiltTo(
                upTo,
                noted,
                fault -> {
                    if (isOver() || fault != null) {
                        return;
                    }
                    if (all) {
                        finish();
                    } else {
                        next();
                    }
                });
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
