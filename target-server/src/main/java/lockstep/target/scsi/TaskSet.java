package lockstep.target.scsi;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// The tasks of one logical unit (or of the target's own answers), in order of arrival. All run as
/// SIMPLE tasks, at once: the volume orders what overlaps.
final class TaskSet {
    private final Set<ScsiTask> tasks = new LinkedHashSet<>();

    void add(ScsiTask task) {
        tasks.add(task);
    }

    void remove(ScsiTask task) {
        tasks.remove(task);
    }

    /// The tasks that `which` holds for, oldest first.
    List<ScsiTask> select(Predicate<ScsiTask> which) {
        List<ScsiTask> selected = new ArrayList<>();
        for (ScsiTask task : tasks) {
            if (which.test(task)) {
                selected.add(task);
            }
        }
        return selected;
    }

    /// Aborts `victims` and runs `done` when the last of them is over.
    static void abort(List<ScsiTask> victims, Runnable done) {
        Countdown countdown = new Countdown(victims.size() + 1, done);
        for (ScsiTask victim : victims) {
            victim.abort(countdown::one);
        }
        countdown.one();
    }

    /// Runs an action after a number of events.
    private static final class Countdown {
        private final Runnable done;
        private int left;

        Countdown(int left, Runnable done) {
            this.left = left;
            this.done = done;
        }

        void one() {
            left--;
            if (left == 0) {
                done.run();
            }
        }
    }
}
