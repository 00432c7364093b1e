package lockstep.target.admin.model;

/// `GET /v1/peers`: a node whose key is pinned here. `address` is where it listens for links, empty
/// for nowhere; `link` is up, down, or empty where no volume needs one; `problem` is why it is not
/// up.
public record PeerView(
        String name, String uuid, String address, String key, String link, String problem) {}
