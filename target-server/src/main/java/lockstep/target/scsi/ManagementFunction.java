package lockstep.target.scsi;

/// The task management functions of SAM-5 that this target carries out, but ABORT TASK, for which a
/// task is asked itself.
public sealed interface ManagementFunction {
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
        /// No such LUN.
        NO_SUCH_LUN
    }
}
