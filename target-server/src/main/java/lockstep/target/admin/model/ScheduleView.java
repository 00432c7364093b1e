package lockstep.target.admin.model;

import java.util.List;

/// `GET /v1/schedules`, and the body of `POST /v1/volumes/{volume}/schedules`, whose `volume` is
/// not read: snapshots of `luns` (empty: all that take writes) each `everySeconds`, of which the
/// newest `keep` are kept.
public record ScheduleView(
        String volume, String name, long everySeconds, int keep, List<Integer> luns) {
    public ScheduleView {
        luns = luns == null ? List.of() : List.copyOf(luns);
    }
}
