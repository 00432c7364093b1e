package lockstep.target.admin.model;

/// `POST /v1/pairs`: mirror a volume to the node that is named; that node has made its mirror of
/// the volume already (see [CreateMirror]).
public record CreatePair(String volume, NodeView peer) {}
