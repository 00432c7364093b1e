package lockstep.blockstore.raid;

import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

/// Fills the disk that is in the place of one that left, beside everything else that goes on in its
/// group: runs of stripes from the first to the last, each by a [RebuildRun]; now and then a flush,
/// by which they count ([GroupDisks#readable]); now and then a note in the labels, where a restart
/// goes on. Doing stripes again gives the same.
///
/// Why the flush: below the watermark stripes are written like those of a whole group, and that
/// counts on every block being there after a power cut.
///
/// It ends when the disk is a member like any other, or has left, or the group is lost.
public final class GroupRebuild {
    private static final long PAUSE_NANOS = 5_000_000;
    private static final int PAUSES_MOST = 4;

    private final RaidGroup group;
    private final GroupDisks disks;
    private final RebuildPace pace;
    private final int slot;
    private final @Nullable Disk disk;
    private final long startedNanos;
    private final long startedAt;
    private long position;
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

    private void next() {
        if (isOver()) {
            return;
        }
        long all = disks.layout().dbnCount();
        if (position - flushedTo >= pace.stripesPerFlush() || position == all) {
            flush();
        } else if (disks.underWay() > pace.busy() && pauses < PAUSES_MOST) {
            pauses++;
            later(PAUSE_NANOS);
        } else {
            pauses = 0;
            int count = RebuildRun.lengthAt(position, all);
            new RebuildRun(
                            group,
                            slot,
                            position,
                            count,
                            (written, lost, fault) -> ran(count, written, lost, fault))
                    .start();
        }
    }

    private void later(long nanos) {
        clock().schedule(nanos, this::next);
    }

    // Checksum pages that are lost in both places are told of where they are needed, and cost what
    // stands under them, not the rest of the disk.
    private void ran(int count, int written, int lost, @Nullable IoFault fault) {
        if (isOver()) {
            return;
        }
        position += count;
        blocks += written;
        lostBlocks += fault == null ? lost : count;
        long now = clock().nanoTime();
        // Where nothing stands, looking is not for free either.
        long cost = pace.nanosFor(Math.max(written, disks.slots()));
        dueNanos = Math.max(dueNanos, now - cost) + cost;
        if (dueNanos > now) {
            later(dueNanos - now);
        } else {
            disks.loop().execute(this::next);
        }
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
