package lockstep.target.admin.model;

/// `POST …/snapshots/{name}/restore`: the LUN becomes what it was then. Snapshots that are newer
/// are in the way unless they are to be deleted.
public record RestoreSnapshot(boolean deleteNewer) {}
