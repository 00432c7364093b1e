package lockstep.target.admin;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;

import lockstep.target.admin.model.AcceptInvitation;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Invite;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/// The paths about the nodes that this one trusts.
final class PeerRoutes implements HttpService {
    private static final long MOST_SECONDS = 24 * 3600;

    private final PeerControl node;
    private final Exchange exchange;
    private final boolean ownerOnly;

    /// `ownerOnly` says that only the owner of the node's files can ask.
    PeerRoutes(PeerControl node, Exchange exchange, boolean ownerOnly) {
        this.node = node;
        this.exchange = exchange;
        this.ownerOnly = ownerOnly;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/peers", (q, s) -> exchange.answer(q, s, _ -> node.peers()))
                .post("/peers", (q, s) -> exchange.act(q, s, this::accept))
                .delete("/peers/{peer}", (q, s) -> exchange.act(q, s, this::forget))
                .post("/invitations", (q, s) -> exchange.act(q, s, this::invite));
    }

    private CompletableFuture<?> invite(ServerRequest request) throws IOException {
        needOwner();
        Invite body = exchange.body(request, Invite.class);
        if (body.validSeconds() < 1 || body.validSeconds() > MOST_SECONDS) {
            throw Exchange.bad("a code is good for at most a day");
        }
        return node.invite(body);
    }

    private CompletableFuture<?> accept(ServerRequest request) throws IOException {
        needOwner();
        AcceptInvitation body = exchange.body(request, AcceptInvitation.class);
        Exchange.need(body.address(), "address");
        Exchange.need(body.code(), "code");
        return node.accept(body);
    }

    private CompletableFuture<?> forget(ServerRequest request) {
        return node.forget(
                Exchange.part(request, "peer"),
                request.query().first("force").map(Boolean::parseBoolean).orElse(false));
    }

    // A code is a secret, and who may pair may be given all of a volume.
    private void needOwner() {
        if (!ownerOnly) {
            throw new AdminException(
                    Code.REFUSED,
                    "nodes are paired by the owner of their files only",
                    "let the node listen on a Unix socket for that (admin.socket)");
        }
    }
}
