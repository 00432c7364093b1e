package lockstep.target.admin;

import lockstep.target.admin.model.CloneSnapshot;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.RestoreSnapshot;
import lockstep.target.admin.model.ScheduleView;
import lockstep.target.admin.model.SnapshotView;
import lockstep.target.admin.model.TakeSnapshot;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What an operator can ask about snapshots; see [NodeControl]. A snapshot is named by its volume,
/// its LUN's number and its name.
public interface SnapshotControl {
    /// All snapshots of all volumes here, mirrors too.
    CompletableFuture<List<SnapshotView>> snapshots();

    /// Takes snapshots of several LUNs at the same moment.
    CompletableFuture<List<SnapshotView>> takeSnapshot(String volume, TakeSnapshot request);

    /// Deletes a snapshot.
    CompletableFuture<Done> deleteSnapshot(String volume, int lun, String name);

    /// Lets a LUN go back to a snapshot.
    CompletableFuture<Done> restoreSnapshot(
            String volume, int lun, String name, RestoreSnapshot request);

    /// Makes a LUN of a snapshot.
    CompletableFuture<LunView> cloneSnapshot(
            String volume, int lun, String name, CloneSnapshot request);

    /// All schedules of all volumes here, mirrors too.
    CompletableFuture<List<ScheduleView>> schedules();

    /// Adds or replaces a schedule.
    CompletableFuture<ScheduleView> setSchedule(String volume, ScheduleView request);

    /// Removes a schedule; its snapshots stay.
    CompletableFuture<Done> removeSchedule(String volume, String name);
}
