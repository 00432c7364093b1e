package lockstep.target.admin.model;

import org.jspecify.annotations.Nullable;

/// `GET /v1/disks`: one disk that the node sees. `state` is what the node makes of it (free,
/// member, parity, spare, foreign, stale, failed); volume, group and slot are there for a member.
public record DiskView(
        String name,
        String path,
        long sizeBytes,
        String state,
        @Nullable String volume,
        @Nullable Integer group,
        @Nullable Integer slot) {}
