package lockstep.target.admin.model;

import org.jspecify.annotations.Nullable;

/// `POST /v1/volumes/{volume}/exports`: show a snapshot of this node's mirror to hosts. `snapshot`
/// names it; with `take`, the source takes one of that name first (null: of a name that is made).
/// `name` becomes the end of the target's name (null: the snapshot's). With a `scratch` volume its
/// LUNs are clones that take writes, which go there.
public record ExportSnapshot(
        @Nullable String snapshot, boolean take, @Nullable String name, @Nullable String scratch) {}
