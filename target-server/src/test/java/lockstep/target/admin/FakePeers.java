package lockstep.target.admin;

import lockstep.target.admin.model.AcceptInvitation;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.InvitationView;
import lockstep.target.admin.model.Invite;
import lockstep.target.admin.model.PeerView;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// The peers of [FakeNode]: a list, and one code that is right.
public final class FakePeers implements PeerControl {
    /// The code that it gives out and takes.
    public static final String CODE = "0123-4567-89AB-CDEF";

    private final List<PeerView> peers = new ArrayList<>();

    @Override
    public synchronized CompletableFuture<InvitationView> invite(Invite request) {
        return CompletableFuture.completedFuture(
                new InvitationView(CODE, request.validSeconds(), "10.0.0.1:7801"));
    }

    @Override
    public synchronized CompletableFuture<PeerView> accept(AcceptInvitation request) {
        if (!request.code().equals(CODE)) {
            return refuse(Code.REFUSED, "the code is wrong");
        }
        PeerView peer = new PeerView("beta", "uuid", request.address(), "0f", "", "");
        peers.add(peer);
        return CompletableFuture.completedFuture(peer);
    }

    @Override
    public synchronized CompletableFuture<List<PeerView>> peers() {
        return CompletableFuture.completedFuture(List.copyOf(peers));
    }

    @Override
    public synchronized CompletableFuture<Done> forget(String peer, boolean force) {
        if (!force) {
            return refuse(Code.REFUSED, "v is paired with that node");
        }
        peers.removeIf(one -> one.name().equals(peer));
        return CompletableFuture.completedFuture(new Done(peer + " is trusted no more"));
    }

    private static <T> CompletableFuture<T> refuse(Code code, String happened) {
        return CompletableFuture.failedFuture(new AdminException(code, happened, "try again"));
    }
}
