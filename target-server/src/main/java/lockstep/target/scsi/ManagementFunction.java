package lockstep.target.scsi;

/// The task management functions of SAM-5 that this target carries out.
public sealed interface ManagementFunction {
    /// One task of this nexus.
    record AbortTask(long lun, int tag) implements ManagementFunction {}

    /// All tasks of this nexus on a LUN.
    record AbortTaskSet(long lun) implements ManagementFunction {}

    /// All tasks of all nexuses on a LUN.
    record ClearTaskSet(long lun) implements ManagementFunction {}

    /// A LUN: all its tasks, and the other nexuses are told.
    record LogicalUnitReset(long lun) implements ManagementFunction {}

    /// Every LUN.
    record TargetReset() implements ManagementFunction {}

    /// How a function ended.
    enum Response {
        /// Done; none of the tasks concerned is under way any more.
        COMPLETE,
        /// Nothing was found to abort.
        NO_SUCH_TASK,
        /// No such LUN.
        NO_SUCH_LUN
    }
}
