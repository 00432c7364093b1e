package lockstep.target.admin.model;

/// `POST /v1/pairs`: mirror a volume to the node whose replication listens at `peer` (host:port).
public record CreatePair(String volume, String peer) {}
