package lockstep.target.admin;

import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ExportSnapshot;
import lockstep.target.admin.model.ExportView;
import lockstep.target.admin.model.RehearsalView;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What an operator can ask of a mirror that goes on mirroring.
public interface ExportControl {
    /// The snapshots that this node shows to hosts.
    CompletableFuture<List<ExportView>> exports();

    /// Shows one.
    CompletableFuture<ExportView> export(String volume, ExportSnapshot request);

    /// Shows it no more; a clone's writes are gone.
    CompletableFuture<Done> unexport(String volume, String name);

    /// Finds out how long a takeover would take.
    CompletableFuture<RehearsalView> rehearse(String volume);
}
