package lockstep.blockstore.volume;

import lockstep.blockstore.base.Outcome;

import java.util.ArrayDeque;

/// Lets commands into the log. Space for a command and for the worst case of tree and map blocks is
/// promised here, and only here is "no space" answered, so an acknowledged write never finds the
/// volume full (invariant 9). A command for which there is no room yet waits its turn; order is
/// kept.
final class Admission {
    /// Writes wait for room that a consistency point may make this many times, then get
    /// [Outcome.NoSpace]; and for as long as what was deleted is on its way to become room.
    private static final int PATIENCE = 3;

    /// A consistency point begins when a half is this full, so that writes go on while it runs.
    private static final int TRIGGER_SHARE = 2;

    /// What one command needs: VBNs in the worst case, bytes in the log.
    record Need(long vbns, long logBytes) {}

    private record Pending(Need need, Runnable go, Outcome.Handler refused, long sinceCommits) {}

    private final VolumeCore core;
    private final CpDriver driver;
    private final ArrayDeque<Pending> backlog = new ArrayDeque<>();

    Admission(VolumeCore core, CpDriver driver) {
        this.core = core;
        this.driver = driver;
    }

    /// Runs `go`, now or later, when there is room; or ends with `refused`.
    void admit(Need need, Runnable go, Outcome.Handler refused) {
        backlog.add(new Pending(need, go, refused, driver.commits()));
        drain();
    }

    /// Room may have come back.
    void drain() {
        while (!backlog.isEmpty()) {
            Pending first = backlog.element();
            if (!hasLogRoom(first.need)) {
                driver.request(null);
                if (!hasLogRoom(first.need)) {
                    return;
                }
            }
            if (!core.hasRoom(first.need.vbns)) {
                long since = Math.max(first.sinceCommits, driver.drainedAt());
                if (driver.commits() - since < PATIENCE) {
                    driver.request(null);
                    return;
                }
                backlog.remove();
                first.refused.ended(new Outcome.NoSpace());
                continue;
            }
            backlog.remove();
            core.reserve(first.need.vbns);
            first.go.run();
            if (core.filling.cost() >= core.copy.settings().halfBytes() / TRIGGER_SHARE) {
                driver.request(null);
            }
        }
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
        return core.filling.cost() < core.copy.settings().halfBytes()
                && core.copy.log().roomFor(core.half, need.logBytes);
    }
}
