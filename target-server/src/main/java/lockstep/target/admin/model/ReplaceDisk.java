package lockstep.target.admin.model;

import org.jspecify.annotations.Nullable;

/// `POST /v1/volumes/{volume}/disks/replace`: rebuild the slot whose disk left onto `disk`, a name
/// or a path. Group and slot may be left out if only one disk is away. With `force`, what another
/// volume has on the disk is given up.
public record ReplaceDisk(
        @Nullable Integer group, @Nullable Integer slot, String disk, boolean force) {}
