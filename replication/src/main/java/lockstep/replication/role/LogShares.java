package lockstep.replication.role;

import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Shares what this node keeps of its log for mirrors: evenly among the nodes whose volumes are
/// mirrored here, and each node's part evenly among its volumes. A source whose half grows thereby
/// takes no room from another one, nor from what is active here.
public final class LogShares {
    private final long bytes;

    /// `bytes` of the log are for mirrors.
    public LogShares(long bytes) {
        this.bytes = bytes;
    }

    /// Gives each of `mirrors`, by the node that is its source, its part. To be called whenever
    /// they are others.
    public void share(Map<UUID, List<Replica>> mirrors) {
        long sources = mirrors.values().stream().filter(list -> !list.isEmpty()).count();
        for (List<Replica> ofOne : mirrors.values()) {
            for (Replica replica : ofOne) {
                replica.logQuota(bytes / sources / ofOne.size());
            }
        }
    }
}
