package lockstep.blockstore.volume;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogStream;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;

/// Lets commands into the log. Space for a command and for the worst case of tree and map blocks is
/// promised here, and only here is "no space" answered, so an acknowledged write never finds the
/// volume full (invariant 9). A command for which there is no room yet waits its turn, and the
/// [Brake] lets commands wait a little before it comes to that; order is kept.
final class Admission {
    /// Writes wait for room that a consistency point may make this many times, then get
    /// [Outcome.NoSpace]; and for as long as what was deleted is on its way to become room.
    private static final int PATIENCE = 3;

    /// A consistency point begins when a half is this full, so that writes go on while it runs.
    private static final int TRIGGER_SHARE = 2;

    /// It also begins when the log is this full, if this half holds its share of that.
    private static final int LOG_SHARE = 8;

    /// Bytes of entries that may be under way to the mirror.
    private static final long MIRROR_BEHIND_BYTES = 64 << 20;

    /// It also begins when this half holds this share of what the mirror keeps for the volume.
    private static final int MIRROR_SHARE = 2;

    /// Timers may be this late.
    private static final long LATE_NANOS = 2_000_000;

    /// What one command needs: VBNs in the worst case, bytes in the log; and whether it gives space
    /// back.
    record Need(long vbns, long logBytes, boolean freeing) {
        Need(long vbns, long logBytes) {
            this(vbns, logBytes, false);
        }
    }

    private record Pending(
            Need need, Runnable go, Outcome.Handler refused, long sinceCommits, long sinceNanos) {}

    private final VolumeCore core;
    private final CpDriver driver;
    private final HalfRoom room;
    private final ArrayDeque<Pending> backlog = new ArrayDeque<>();

    /// No command is admitted before this time of the clock; a timer stands for it while it is to
    /// come.
    private long notBeforeNanos;

    private boolean timed;

    /// The first of the line when there was no space for it, and since when it is that.
    private @Nullable Pending head;

    private long headSinceCommits;

    private final long[] longestWaitNanos = new long[2];
    private long waitsOfCommits;

    Admission(VolumeCore core, CpDriver driver) {
        this.core = core;
        this.driver = driver;
        this.room = new HalfRoom(core);
    }

    /// Runs `go`, now or later, when there is room; or ends with `refused`.
    void admit(Need need, Runnable go, Outcome.Handler refused) {
        backlog.add(new Pending(need, go, refused, driver.commits(), nanoTime()));
        drain();
    }

    /// Room may have come back.
    void drain() {
        while (!backlog.isEmpty() && !isHeld()) {
            Pending first = backlog.element();
            if (!core.unmirrored.allows(first.need.logBytes)) {
                return;
            }
            if (!first.need.freeing && core.copy.space().isOutOfSpace()) {
                // Nothing can come to rest now: what was acknowledged waits in the log for it.
                backlog.remove();
                first.refused.ended(new Outcome.NoSpace());
                continue;
            }
            if (isMirrorBehind(first.need)) {
                return;
            }
            if (!hasLogRoom(first.need)) {
                driver.request(null);
                if (!hasLogRoom(first.need)) {
                    return;
                }
            }
            if (!core.hasRoom(first.need.vbns, first.need.freeing)) {
                if (driver.commits() - waitsSince(first) < PATIENCE || driver.giveUpPin()) {
                    driver.request(null);
                    return;
                }
                backlog.remove();
                first.refused.ended(new Outcome.NoSpace());
                continue;
            }
            backlog.remove();
            waited(nanoTime() - first.sinceNanos);
            hold(first.need.logBytes);
            core.reserve(first.need.vbns);
            first.go.run();
            if (core.isWithoutLog() || isHalfUsed()) {
                driver.request(null);
            }
        }
    }

    // What gives space back has a reserve that the consistency points before may have taken whole:
    // its patience begins when its turn comes.
    private long waitsSince(Pending first) {
        if (!first.equals(head)) {
            head = first;
            headSinceCommits = driver.commits();
        }
        long since = first.need.freeing ? headSinceCommits : first.sinceCommits;
        return Math.max(since, driver.relief().newestCommit());
    }

    /// A consistency point gives back what this half has taken of memory and of the log.
    private boolean isHalfUsed() {
        LogStream log = core.copy.log();
        long capacity = log.capacityBytes();
        boolean logHalfUsed =
                log.freeBytes() < capacity / TRIGGER_SHARE
                        && log.bytes(core.half) >= capacity / LOG_SHARE;
        Mirror mirror = core.mirror;
        boolean quotaUsed =
                mirror != null
                        && core.mirrorLogUse.bytesOfNewest(core.half)
                                >= mirror.logQuota() / MIRROR_SHARE;
        return logHalfUsed || quotaUsed || room.taken() >= room.whole() / TRIGGER_SHARE;
    }

    private boolean isHeld() {
        long leftNanos = notBeforeNanos - nanoTime();
        if (driver.runningBytes() == 0 || leftNanos <= 0) {
            return false;
        }
        if (!timed) {
            timed = true;
            core.copy
                    .loop()
                    .clock()
                    .schedule(
                            leftNanos,
                            () -> {
                                timed = false;
                                drain();
                            });
        }
        return true;
    }

    /// What comes after this command of `bytes` waits. A timer that was late is made up for, so
    /// that small commands are not slowed to the grain of timers.
    private void hold(long bytes) {
        if (driver.runningBytes() == 0) {
            return;
        }
        Brake brake = driver.brake();
        long delay =
                brake.delayNanos(
                        bytes,
                        room.left(),
                        room.whole(),
                        driver.runningBytes(),
                        driver.runningNanos());
        long now = nanoTime();
        long since = notBeforeNanos - (now - LATE_NANOS) < 0 ? now - LATE_NANOS : notBeforeNanos;
        notBeforeNanos = delay == 0 ? now : since + delay;
    }

    private long nanoTime() {
        return core.copy.loop().clock().nanoTime();
    }

    private void waited(long nanos) {
        long now = driver.commits();
        if (now != waitsOfCommits) {
            longestWaitNanos[0] = now == waitsOfCommits + 1 ? longestWaitNanos[1] : 0;
            longestWaitNanos[1] = 0;
            waitsOfCommits = now;
        }
        longestWaitNanos[1] = Math.max(longestWaitNanos[1], nanos);
    }

    /// The longest that a command admitted since the last consistency point but one has waited.
    long longestWaitNanos() {
        return Math.max(longestWaitNanos[0], longestWaitNanos[1]);
    }

    /// Commands that wait.
    int waiting() {
        return backlog.size();
    }

    /// Ends all that waits.
    void refuseAll(Outcome outcome) {
        while (!backlog.isEmpty()) {
            backlog.remove().refused.ended(outcome);
        }
    }

    private boolean hasLogRoom(Need need) {
        LogStream log = core.copy.log();
        if (core.isWithoutLog()) {
            // A healthy log is full, and used again after the next consistency point.
            return log.fault() != null
                    && core.filling.cost() < room.whole()
                    && hasMirrorLogRoom(need);
        }
        return room.taken() < room.whole()
                && log.roomFor(core.half, need.logBytes)
                && hasMirrorLogRoom(need);
    }

    /// Whether the mirror's log takes this too. One that holds nothing takes any entry.
    private boolean hasMirrorLogRoom(Need need) {
        Mirror mirror = core.mirror;
        long held = core.mirrorLogUse.bytes();
        return mirror == null
                || held == 0
                || held + EntryCodec.aloneBytes(need.logBytes) <= mirror.logQuota();
    }

    /// Whether what the mirror has not stored yet is enough to keep in memory. What waits goes on
    /// when it has stored more, or is refused when its link is lost.
    private boolean isMirrorBehind(Need need) {
        Mirror mirror = core.mirror;
        long behind = mirror == null ? 0 : mirror.unstoredBytes();
        return behind > 0 && behind + need.logBytes > MIRROR_BEHIND_BYTES;
    }
}
