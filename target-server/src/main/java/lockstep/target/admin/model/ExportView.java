package lockstep.target.admin.model;

import java.util.List;

/// `GET /v1/exports`: snapshots that a node shows to hosts as a target of its own. `kind` is
/// read-only or clone; `asOf` is when the snapshot was taken: nothing newer is in it. `state` is
/// serving or not-ready. `scratch` is the volume that writes go to (empty: none are taken).
public record ExportView(
        String volume,
        String name,
        String snapshot,
        String asOf,
        String kind,
        String target,
        String state,
        String scratch,
        List<Integer> luns) {
    public ExportView {
        luns = luns == null ? List.of() : List.copyOf(luns);
    }
}
