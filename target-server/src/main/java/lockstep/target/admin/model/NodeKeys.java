package lockstep.target.admin.model;

import java.util.List;

/// `GET` and `POST /v1/keys`, on a Unix socket only: the keys that a node's secrets are sealed
/// under, in base64, for the partner that has to open them after a takeover.
public record NodeKeys(List<String> keys) {
    public NodeKeys {
        keys = keys == null ? List.of() : List.copyOf(keys);
    }

    /// Without the keys.
    @Override
    public String toString() {
        return "NodeKeys[" + keys.size() + "]";
    }
}
