package lockstep.target.admin.model;

/// `GET /v1/luns`: one LUN. `target` is the iSCSI name that hosts log in to.
public record LunView(
        String volume,
        int number,
        String name,
        String identity,
        long sizeBytes,
        String target,
        String state) {}
