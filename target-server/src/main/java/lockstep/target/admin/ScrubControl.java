package lockstep.target.admin;

import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ScrubView;

import java.util.concurrent.CompletableFuture;

/// What an operator can ask about the scrub of a volume's copy on this node; see [NodeControl].
public interface ScrubControl {
    /// Where it is and what it found.
    CompletableFuture<ScrubView> scrub(String volume);

    /// Begins a pass, or goes on with one that was stopped.
    CompletableFuture<Done> startScrub(String volume);

    /// Stops the pass under way.
    CompletableFuture<Done> stopScrub(String volume);
}
