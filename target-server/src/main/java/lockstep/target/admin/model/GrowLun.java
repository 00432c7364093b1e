package lockstep.target.admin.model;

/// `POST /v1/volumes/{volume}/luns/{number}/grow`: the LUN's new size.
public record GrowLun(long sizeBytes) {}
