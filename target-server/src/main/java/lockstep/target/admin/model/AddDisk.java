package lockstep.target.admin.model;

/// `POST /v1/volumes/{volume}/disks/add`: `disk`, a name or a path, waits to replace one that
/// fails. With `force`, what another volume has on it is given up.
public record AddDisk(String disk, boolean force) {}
