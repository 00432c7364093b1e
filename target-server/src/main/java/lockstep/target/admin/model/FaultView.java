package lockstep.target.admin.model;

/// In `GET /v1/faults`, and the answer to `POST /v1/faults`: a fault that is set. `fault` says what
/// it is, `firing` when it happens, `fired` how often it has, `waiting` how many operations it
/// holds up; `spent`: it has happened as often as it was to.
public record FaultView(
        long id, String fault, String firing, long fired, int waiting, boolean spent) {}
