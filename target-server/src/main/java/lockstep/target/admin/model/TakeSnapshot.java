package lockstep.target.admin.model;

import java.util.List;

/// `POST /v1/volumes/{volume}/snapshots`: snapshots of several LUNs at the same moment; without
/// numbers, of all that take writes.
public record TakeSnapshot(String name, List<Integer> luns) {
    public TakeSnapshot {
        luns = luns == null ? List.of() : List.copyOf(luns);
    }
}
