package lockstep.target.admin;

import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.FaultPointView;
import lockstep.target.admin.model.FaultView;
import lockstep.target.admin.model.InjectFault;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What can be asked of a node that was started for fault injection; any other refuses all of it.
/// See [NodeControl].
public interface FaultControl {
    /// The faults that are set.
    CompletableFuture<List<FaultView>> faults();

    /// The points that faults can name.
    CompletableFuture<List<FaultPointView>> faultPoints();

    /// Sets a fault.
    CompletableFuture<FaultView> injectFault(InjectFault request);

    /// Clears a fault.
    CompletableFuture<Done> clearFault(long id);

    /// Clears all faults.
    CompletableFuture<Done> clearFaults();
}
