package lockstep.target.admin.model;

/// `POST /v1/volumes/{volume}/resync-rate`: how many bytes per second bring a mirror up to date at
/// most; 0 is no limit.
public record ResyncRate(long bytesPerSecond) {}
