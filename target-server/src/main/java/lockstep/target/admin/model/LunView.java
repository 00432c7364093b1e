package lockstep.target.admin.model;

import java.util.List;

/// `GET /v1/luns`: one LUN. `target` is the iSCSI name that hosts log in to; `hosts` are the rules
/// that let hosts see the LUN, `*` alone if the volume has no rules.
public record LunView(
        String volume,
        int number,
        String name,
        String identity,
        long sizeBytes,
        String target,
        String state,
        List<String> hosts) {
    public LunView {
        hosts = hosts == null ? List.of() : List.copyOf(hosts);
    }
}
