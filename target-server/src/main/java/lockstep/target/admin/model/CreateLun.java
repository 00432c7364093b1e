package lockstep.target.admin.model;

import org.jspecify.annotations.Nullable;

/// `POST /v1/volumes/{volume}/luns`: a LUN; without a number the lowest free one is taken.
public record CreateLun(@Nullable Integer number, String name, long sizeBytes) {}
