package lockstep.replication.wire;

import lockstep.blockstore.base.Check;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/// Who a node is. `uuid` was drawn when the node was set up and is its identity; `id` is the short
/// form that stands in epochs and must be as unique; `name` is for people.
public record NodeIdentity(long id, UUID uuid, String name) {
    /// Bytes of a name in UTF-8, at most.
    public static final int NAME_BYTES = 128;

    public NodeIdentity {
        Check.that(
                name.getBytes(StandardCharsets.UTF_8).length <= NAME_BYTES,
                "a node's name has at most 128 bytes");
    }

    @Override
    public String toString() {
        return name + " (" + uuid + ")";
    }
}
