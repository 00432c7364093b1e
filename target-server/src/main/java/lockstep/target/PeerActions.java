package lockstep.target;

import lockstep.replication.link.netty.PairingCall;
import lockstep.replication.trust.Fingerprint;
import lockstep.replication.trust.PairingCode;
import lockstep.replication.wire.PairingMessage.Claim;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.PeerControl;
import lockstep.target.admin.model.AcceptInvitation;
import lockstep.target.admin.model.AdminError;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.InvitationView;
import lockstep.target.admin.model.Invite;
import lockstep.target.admin.model.PeerView;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Nodes paired and parted for an operator. Called from any thread; works on the core loop.
final class PeerActions implements PeerControl {
    private final Node node;

    PeerActions(Node node) {
        this.node = node;
    }

    @Override
    public CompletableFuture<InvitationView> invite(Invite request) {
        CompletableFuture<InvitationView> answer = new CompletableFuture<>();
        node.core()
                .execute(
                        () -> {
                            NodeLinks links = node.links();
                            if (links.address() == null) {
                                answer.completeExceptionally(notListening());
                                return;
                            }
                            long nanos = TimeUnit.SECONDS.toNanos(request.validSeconds());
                            PairingCode code = links.invitations().open(nanos);
                            answer.complete(
                                    new InvitationView(
                                            code.show(),
                                            request.validSeconds(),
                                            node.view().replication()));
                        });
        return answer;
    }

    private static AdminException notListening() {
        return new AdminException(
                Code.REFUSED,
                "this node does not listen for partners",
                "set replication.listen in its file, or have the other node invite");
    }

    @Override
    public CompletableFuture<PeerView> accept(AcceptInvitation request) {
        PairingCode code = PairingCode.parse(request.code());
        if (code == null) {
            throw new AdminException(
                    Code.BAD_REQUEST, "that is no code", "16 characters, as `pair invite` shows");
        }
        // A name is looked up here, where waiting harms nobody.
        InetSocketAddress address = PeerName.lookUp(request.address());
        if (address == null) {
            throw new AdminException(
                    Code.BAD_REQUEST,
                    "'" + request.address() + "' is not host:port, or the name is unknown",
                    "give the address where the other node listens for replication");
        }
        CompletableFuture<PeerView> answer = new CompletableFuture<>();
        node.core().execute(() -> call(request, address, code, answer));
        return answer;
    }

    private void call(
            AcceptInvitation request,
            InetSocketAddress address,
            PairingCode code,
            CompletableFuture<PeerView> answer) {
        NodeLinks links = node.links();
        Claim claim = links.claim();
        Claim own = request.self().isEmpty() ? claim : Claim.of(claim.node(), request.self());
        PairingCall.dial(
                node.core().netty(),
                address,
                links.security(),
                code,
                own,
                new PairingCall.Result() {
                    @Override
                    public void paired(Claim other, Fingerprint key) {
                        pin(other, key, request.address(), answer);
                    }

                    @Override
                    public void failed(String reason) {
                        answer.completeExceptionally(
                                new AdminException(
                                        Code.REFUSED,
                                        "the nodes are not paired: " + reason,
                                        "see that the address and the code are right and"
                                                + " `lockstep pair invite` was not long ago"));
                    }
                });
    }

    private void pin(
            Claim other, Fingerprint key, String dialled, CompletableFuture<PeerView> answer) {
        PeerKeeper keeper = node.links().peers();
        AdminError refusal = keeper.refusal(other);
        if (refusal != null) {
            answer.completeExceptionally(new AdminException(refusal));
            return;
        }
        // What the operator reached it by is as good as what it says itself, or better.
        var pinned = new PeerFile.Pinned(other.node(), key, dialled);
        keeper.pin(
                pinned,
                failure -> {
                    if (failure == null) {
                        answer.complete(view(pinned));
                    } else {
                        answer.completeExceptionally(unwritten(failure));
                    }
                });
    }

    @Override
    public CompletableFuture<List<PeerView>> peers() {
        CompletableFuture<List<PeerView>> answer = new CompletableFuture<>();
        node.core()
                .execute(
                        () ->
                                answer.complete(
                                        node.links().peers().peers().list().stream()
                                                .map(this::view)
                                                .toList()));
        return answer;
    }

    private PeerView view(PeerFile.Pinned peer) {
        NodeLinks links = node.links();
        return new PeerView(
                peer.node().name(),
                peer.node().uuid().toString(),
                peer.address(),
                peer.key().toString(),
                links.state(peer.node().uuid()),
                links.problem(peer.node().uuid()));
    }

    @Override
    public CompletableFuture<Done> forget(String peer, boolean force) {
        CompletableFuture<Done> answer = new CompletableFuture<>();
        node.core().execute(() -> forget(peer, force, answer));
        return answer;
    }

    private void forget(String peer, boolean force, CompletableFuture<Done> answer) {
        PeerFile.Pinned found = named(peer);
        if (found == null) {
            answer.completeExceptionally(
                    new AdminException(
                            Code.NOT_FOUND,
                            "no key of a peer " + peer + " is pinned here, or of more than one",
                            "`lockstep pair peers` shows them; a UUID names one for sure"));
            return;
        }
        for (HostedVolume volume : node.volumes().all()) {
            PeerName partner = volume.peer();
            if (!force && partner != null && partner.uuid().equals(found.node().uuid())) {
                answer.completeExceptionally(
                        new AdminException(
                                Code.REFUSED,
                                volume.name() + " is paired with that node",
                                "end the pair first, or cut the link with --force"));
                return;
            }
        }
        node.links()
                .peers()
                .forget(
                        found.node(),
                        failure -> {
                            if (failure == null) {
                                answer.complete(
                                        new Done(found.node().name() + " is trusted no more"));
                            } else {
                                answer.completeExceptionally(unwritten(failure));
                            }
                        });
    }

    private PeerFile.@Nullable Pinned named(String peer) {
        List<PeerFile.Pinned> found =
                node.links().peers().peers().list().stream()
                        .filter(
                                one ->
                                        one.node().name().equals(peer)
                                                || one.node().uuid().toString().equals(peer))
                        .toList();
        return found.size() == 1 ? found.getFirst() : null;
    }

    private static AdminException unwritten(IOException failure) {
        return new AdminException(
                Code.INTERNAL,
                "the file of peers cannot be written: " + failure.getMessage(),
                "look at the node's data directory");
    }
}
