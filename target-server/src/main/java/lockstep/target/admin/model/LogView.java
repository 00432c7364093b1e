package lockstep.target.admin.model;

/// In `GET /v1/status`: a device that holds the node's log. `state` says why it is not in use;
/// empty while it is.
public record LogView(String device, String state) {}
