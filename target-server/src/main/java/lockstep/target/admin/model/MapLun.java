package lockstep.target.admin.model;

/// `POST /v1/volumes/{volume}/luns/{number}/map` and `/unmap`: let the host of this rule see the
/// LUN, or no more.
public record MapLun(String initiator) {}
