package lockstep.target.admin.model;

import java.util.List;

/// `GET /v1/volumes`: one volume. `role` is what this node is to it (source, destination,
/// standalone), `state` whether and how it serves, `sync` how its mirror stands; `epoch` and `cp`
/// are as people write them. `blocks` is its size for a mirror; `reason` says more about `state`.
public record VolumeView(
        String name,
        String id,
        String role,
        String state,
        String sync,
        String epoch,
        String cp,
        long sizeBytes,
        long usedBytes,
        long blocks,
        String reason,
        List<GroupView> groups) {
    public VolumeView {
        groups = List.copyOf(groups);
    }

    /// One RAID group: its number, state (healthy, degraded, rebuilding) and the names of its disks
    /// by slot: the last is parity, unless another one is called that.
    public record GroupView(int number, String state, List<String> disks) {
        public GroupView {
            disks = List.copyOf(disks);
        }
    }
}
