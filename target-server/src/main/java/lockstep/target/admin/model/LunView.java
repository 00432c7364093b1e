package lockstep.target.admin.model;

import java.util.List;

/// `GET /v1/luns`: one LUN. `usedBytes` is what it maps, shared with snapshots or not;
/// `snapshotBytes` is what only its snapshots keep from being free. `target` is the iSCSI name that
/// hosts log in to; `hosts` are the rules that let hosts see the LUN, `*` alone if the volume has
/// no rules.
public record LunView(
        String volume,
        int number,
        String name,
        String identity,
        long sizeBytes,
        long usedBytes,
        long snapshotBytes,
        boolean readOnly,
        String target,
        String state,
        List<String> hosts) {
    public LunView {
        hosts = hosts == null ? List.of() : List.copyOf(hosts);
    }
}
