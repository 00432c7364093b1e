package lockstep.target.admin.model;

/// `GET /v1/node`: who this node is to its partners. `id` is the short id, in hexadecimal;
/// `replication` is where it listens for partners, empty if it does not.
public record NodeView(String name, String uuid, String id, String replication) {}
