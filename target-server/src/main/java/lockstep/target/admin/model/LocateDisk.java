package lockstep.target.admin.model;

/// `POST /v1/disks/locate`: read from `disk`, a name or a path, in a rhythm that its light shows,
/// for so long.
public record LocateDisk(String disk, int seconds) {}
