package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.CopyState;

/// One copy for people. `linked`: the partner answers now. `copied` blocks of a resync have been
/// sent in this round. `backlogBytes` of log entries are not stored by the mirror yet.
/// `sinceMillis`: since when, in milliseconds since 1970, a source is in sync or ahead of its
/// mirror, and a mirror has or lacks its link; 0 if not known.
///
/// `equalAt` is the last image known to be equal on both sides; `differences` counts, at a mirror,
/// consistency points that were not, since the start; at a source, blocks found to differ that have
/// not been copied since.
public record ReplicaStatus(
        RoleState state,
        String reason,
        boolean linked,
        CopyState durable,
        Epoch epoch,
        CpId image,
        Position end,
        long copied,
        long backlogBytes,
        Exposed exposed,
        long sinceMillis,
        CpId equalAt,
        long differences) {}
