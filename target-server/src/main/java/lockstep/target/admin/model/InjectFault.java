package lockstep.target.admin.model;

/// `POST /v1/faults`: something that is to go wrong. `at` is "disk", "log", "link" or "point";
/// `target` names the disk (name or path), the log device (empty: each), the peer (name or UUID,
/// empty: every link), or the point; `kind` is what goes wrong there, like "read-error". `offset`
/// and `length` are bytes on a device, a length of 0 goes up to its end. `delayMillis` is for what
/// is late, and for how long a node stands still at a point.
///
/// The first `skip` times pass, then it happens one in `oneIn` times on average, until it has
/// happened `count` times (0: no end). After `forMillis` it is cleared by itself (0: never).
public record InjectFault(
        String at,
        String target,
        String kind,
        long offset,
        long length,
        long delayMillis,
        long skip,
        int oneIn,
        long count,
        long forMillis) {
    public InjectFault {
        target = target == null ? "" : target;
        oneIn = oneIn == 0 ? 1 : oneIn;
    }
}
