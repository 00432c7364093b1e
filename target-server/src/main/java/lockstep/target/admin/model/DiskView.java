package lockstep.target.admin.model;

import org.jspecify.annotations.Nullable;

/// `GET /v1/disks`: one disk that the node sees. `state` is what the node makes of it: free,
/// member, parity, preparing, rebuilding, spare, failed, left (another disk has its place now),
/// refused; `detail` says more about it. Group and slot are there for a disk that has a place,
/// errors are counted since the node started, `rebuild` is there while it is rebuilt.
public record DiskView(
        String name,
        String path,
        long sizeBytes,
        String state,
        @Nullable String volume,
        @Nullable Integer group,
        @Nullable Integer slot,
        String detail,
        long readErrors,
        long checksumErrors,
        @Nullable RebuildView rebuild) {}
