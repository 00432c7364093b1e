package lockstep.target.admin;

import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.PairCompared;
import lockstep.target.admin.model.ResyncAll;
import lockstep.target.admin.model.SetPolicy;
import lockstep.target.admin.model.SwitchedOver;

import java.util.concurrent.CompletableFuture;

/// What an operator can ask of a pair that works.
public interface PairControl {
    /// Moves a volume from this node to its partner, under load.
    CompletableFuture<SwitchedOver> switchOver(String volume);

    /// Compares everything that both nodes hold of a volume.
    CompletableFuture<PairCompared> verifyPair(String volume);

    /// Copies everything to the mirror anew.
    CompletableFuture<Done> resyncAll(String volume, ResyncAll request);

    /// Changes what the source does when its mirror is away.
    CompletableFuture<Done> setPolicy(String volume, SetPolicy request);
}
