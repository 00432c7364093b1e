package lockstep.target.admin;

import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ResyncRate;

import java.util.concurrent.CompletableFuture;

/// What an operator can ask about bringing mirrors up to date; see [NodeControl].
public interface ResyncControl {
    /// Changes how fast the mirror of a volume is brought up to date.
    CompletableFuture<Done> setResyncRate(String volume, ResyncRate request);
}
