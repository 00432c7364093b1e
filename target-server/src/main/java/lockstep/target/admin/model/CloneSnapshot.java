package lockstep.target.admin.model;

import org.jspecify.annotations.Nullable;

/// `POST …/snapshots/{name}/clone`: a LUN that begins as the snapshot; without a number the lowest
/// free one is taken. One that is read-only shows the snapshot and takes no writes.
public record CloneSnapshot(@Nullable Integer number, String name, boolean readOnly) {}
