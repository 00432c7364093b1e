package lockstep.target.admin.model;

/// In `GET /v1/faults/points`: a named point at which the node can be made to crash, and, where
/// `holds` says so, what comes behind it be held up.
public record FaultPointView(String name, boolean holds, String description) {}
