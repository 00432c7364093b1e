package lockstep.target.admin;

import lockstep.target.admin.model.AcceptInvitation;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.InvitationView;
import lockstep.target.admin.model.Invite;
import lockstep.target.admin.model.PeerView;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What an operator can ask about the nodes that this one trusts; see [NodeControl].
public interface PeerControl {
    /// Gives out a code, in place of the one before.
    CompletableFuture<InvitationView> invite(Invite request);

    /// Pairs with the node that gave out a code.
    CompletableFuture<PeerView> accept(AcceptInvitation request);

    /// All peers whose keys are pinned.
    CompletableFuture<List<PeerView>> peers();

    /// Trusts the peer of that name or UUID no more; one that a volume is paired with only if
    /// `force`d.
    CompletableFuture<Done> forget(String peer, boolean force);
}
