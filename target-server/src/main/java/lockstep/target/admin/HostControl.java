package lockstep.target.admin;

import lockstep.target.admin.model.AddHost;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.HostView;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.NodeKeys;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What an operator can ask about hosts and what they see; see [NodeControl].
public interface HostControl {
    /// All rules of all volumes here, mirrors too.
    CompletableFuture<List<HostView>> hosts();

    /// Adds or replaces a rule.
    CompletableFuture<HostView> addHost(String volume, AddHost request);

    /// Removes a rule; sessions that it allowed end.
    CompletableFuture<Done> removeHost(String volume, String initiator);

    /// Lets the host of a rule see a LUN, or no more.
    CompletableFuture<HostView> mapLun(String volume, int number, String initiator, boolean sees);

    /// Makes a LUN larger.
    CompletableFuture<LunView> growLun(String volume, int number, long sizeBytes);

    /// The keys that this node's secrets are sealed under; makes one if there is none.
    CompletableFuture<NodeKeys> keys();

    /// Takes the keys of a partner.
    CompletableFuture<Done> addKeys(NodeKeys keys);
}
