package lockstep.target.scsi;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.IoBuffer;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// One command in a task set, from its arrival to its end.
///
/// An aborted task never calls [Owner#ended]: if it still gathers data it ends at once, if it runs
/// it ends when the volume is done with it, because a write under way cannot be called back.
/// Whoever aborted it waits for that end, so after a task management function was answered nothing
/// of the tasks it aborted happens any more.
public final class ScsiTask {
    /// Who brought the command. Exactly one of the two is called, once.
    public interface Owner {
        /// The command ended; buffers in `result` are handed over.
        void ended(ScsiTask task, ScsiResult result);

        /// The command was aborted and is over; nothing is answered.
        void aborted(ScsiTask task);
    }

    /// Where a task stands.
    private enum State {
        /// In the task set; its data is being gathered.
        GATHERING,
        /// Its command is being carried out.
        RUNNING,
        /// Its owner knows; it is in no task set any more.
        ENDED
    }

    private final Nexus nexus;
    private final int tag;
    private final Owner owner;
    private final TaskBody body;
    private final List<Runnable> whenOver = new ArrayList<>(0);
    private State state = State.GATHERING;
    private boolean aborting;
    private @Nullable TaskSet home;

    /// What a task does when it runs.
    sealed interface TaskBody {
        /// Its result is known already: it was refused, or it asked about the target only.
        record Settled(ScsiResult result) implements TaskBody {}

        /// A command for a logical unit.
        record ForUnit(LogicalUnit unit, CommandTable row, ScsiCommand command)
                implements TaskBody {}
    }

    ScsiTask(Nexus nexus, int tag, Owner owner, TaskBody body) {
        this.nexus = nexus;
        this.tag = tag;
        this.owner = owner;
        this.body = body;
    }

    /// Bytes that the command needs from the host: 0 if it was refused.
    public int dataOutBytes() {
        return body instanceof TaskBody.ForUnit(_, _, var command)
                ? (int) command.dataOutBytes()
                : 0;
    }

    /// Bytes that it will ask of [Buffers].
    public int readBytes() {
        return body instanceof TaskBody.ForUnit(_, _, var command) ? (int) command.readBytes() : 0;
    }

    /// Whether it was told to end without an answer.
    public boolean isAborting() {
        return aborting;
    }

    /// Whether it is over.
    public boolean isOver() {
        return state == State.ENDED;
    }

    /// Carries the command out with what the host sent, of which one reference is handed over;
    /// `data` is at most [#dataOutBytes] long, shorter if the host announced less, null if nothing.
    public void run(@Nullable IoBuffer data, Buffers buffers) {
        Check.that(state == State.GATHERING, "a task runs once");
        Check.that(data == null || data.size() <= dataOutBytes(), "a task takes what it asked for");
        state = State.RUNNING;
        switch (body) {
            case TaskBody.Settled(var result) -> {
                release(data);
                finish(result);
            }
            case TaskBody.ForUnit(var unit, var row, var command) -> {
                // It may have been reserved while the data was on its way.
                if (unit.reservations().conflicts(nexus, row)) {
                    release(data);
                    finish(new ScsiResult.ReservationConflict());
                } else {
                    unit.execute(nexus, command, data, buffers, () -> aborting, this::finish);
                }
            }
        }
    }

    /// ABORT TASK: ends the task without an answer, and runs `done` when it is over, which is now
    /// or when the volume lets go of it.
    public void abort(Runnable done) {
        whenOver(done);
        abort();
    }

    void abort() {
        if (state == State.ENDED || aborting) {
            return;
        }
        aborting = true;
        if (state == State.GATHERING) {
            end();
            owner.aborted(this);
            tellWaiting();
        }
    }

    /// Runs `action` when the task is over: now, if it is.
    void whenOver(Runnable action) {
        if (state == State.ENDED) {
            action.run();
        } else {
            whenOver.add(action);
        }
    }

    void join(TaskSet set) {
        home = set;
        set.add(this);
    }

    Nexus nexus() {
        return nexus;
    }

    int tag() {
        return tag;
    }

    private void finish(ScsiResult result) {
        Check.that(state == State.RUNNING, "a task ends once");
        end();
        if (aborting) {
            if (result instanceof ScsiResult.Data(var data, _)) {
                data.release();
            }
            owner.aborted(this);
        } else {
            owner.ended(this, result);
        }
        tellWaiting();
    }

    private void end() {
        state = State.ENDED;
        if (home != null) {
            home.remove(this);
        }
    }

    private void tellWaiting() {
        List<Runnable> waiting = List.copyOf(whenOver);
        whenOver.clear();
        waiting.forEach(Runnable::run);
    }

    private static void release(@Nullable IoBuffer data) {
        if (data != null) {
            data.release();
        }
    }
}
