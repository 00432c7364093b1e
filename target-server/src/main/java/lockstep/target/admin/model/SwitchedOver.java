package lockstep.target.admin.model;

/// Answer to `POST /v1/volumes/{volume}/switchover`: the partner serves the volume. Hosts had to
/// wait for `pauseMicros`, from the first command that was put off here to the first log entry that
/// the partner sent.
public record SwitchedOver(String volume, String partner, long pauseMicros) {}
