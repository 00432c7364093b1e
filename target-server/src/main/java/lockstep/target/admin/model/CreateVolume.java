package lockstep.target.admin.model;

import java.util.List;

/// `POST /v1/volumes`: a volume over RAID groups, each a list of disk names, the parity disk last.
/// With `automatic` the node makes the groups from all free disks and `groups` is empty.
public record CreateVolume(String name, List<List<String>> groups, boolean automatic) {
    public CreateVolume {
        groups = groups == null ? List.of() : groups.stream().map(List::copyOf).toList();
    }
}
