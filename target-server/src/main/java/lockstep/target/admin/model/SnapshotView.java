package lockstep.target.admin.model;

import java.util.List;

/// `GET /v1/snapshots`: one snapshot of a LUN. `group` is the same for snapshots taken at the same
/// moment, `schedule` names who took it (empty: an operator). `uniqueBytes` would be free without
/// it, `sharedBytes` it shares with its LUN or other snapshots; both are 0 until it is `kept`.
/// `clones` are the numbers of LUNs that stand on it.
public record SnapshotView(
        String volume,
        int lun,
        String name,
        String group,
        String created,
        String schedule,
        String state,
        long sizeBytes,
        long uniqueBytes,
        long sharedBytes,
        List<Integer> clones) {
    public SnapshotView {
        clones = clones == null ? List.of() : List.copyOf(clones);
    }
}
