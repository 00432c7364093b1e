package lockstep.target.admin.model;

/// `POST /v1/volumes/{volume}/disks/fault`: take this disk out of its group.
public record FaultDisk(int group, int slot) {}
