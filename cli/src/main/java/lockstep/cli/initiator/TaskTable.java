package lockstep.cli.initiator;

import org.jspecify.annotations.Nullable;

/// The tasks under way, by initiator task tag. A tag is a slot and a turn, so an answer to a tag
/// that was used before and is over is not taken for an answer to its successor.
final class TaskTable {
    private static final int SLOT_BITS = 10;
    private static final int SLOTS = 1 << SLOT_BITS;
    private static final int TURNS = 1 << 20;

    private final @Nullable ScsiTask[] tasks = new @Nullable ScsiTask[SLOTS];
    private final int[] free = new int[SLOTS];
    private int freeCount = SLOTS;
    private int turn;

    TaskTable() {
        for (int slot = 0; slot < SLOTS; slot++) {
            free[slot] = slot;
        }
    }

    boolean isFull() {
        return freeCount == 0;
    }

    int size() {
        return SLOTS - freeCount;
    }

    /// Gives the task a slot and its tag.
    void add(ScsiTask task) {
        int slot = free[--freeCount];
        turn = (turn + 1) % TURNS;
        tasks[slot] = task;
        task.tag = turn << SLOT_BITS | slot;
    }

    /// The task with this tag, or null: the target must not be trusted to know.
    @Nullable ScsiTask find(int tag) {
        ScsiTask task = tasks[tag & (SLOTS - 1)];
        return task != null && task.tag == tag ? task : null;
    }

    void remove(ScsiTask task) {
        int slot = task.tag & (SLOTS - 1);
        tasks[slot] = null;
        free[freeCount++] = slot;
    }

    /// Ends every task with `result` and takes it out, in slot order.
    void endAll(CommandResult result) {
        endIf(result, 0, false);
    }

    /// The same for the tasks of one LUN.
    void endAll(CommandResult result, long lun) {
        endIf(result, lun, true);
    }

    private void endIf(CommandResult result, long lun, boolean onlyLun) {
        for (int slot = 0; slot < SLOTS; slot++) {
            ScsiTask task = tasks[slot];
            if (task != null && (!onlyLun || task.lun == lun)) {
                remove(task);
                task.end(result);
            }
        }
    }
}
