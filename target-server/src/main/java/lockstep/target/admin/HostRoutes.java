package lockstep.target.admin;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;

import lockstep.target.admin.model.AddHost;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.GrowLun;
import lockstep.target.admin.model.MapLun;
import lockstep.target.admin.model.NodeKeys;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/// The paths about hosts, what they see, and keys.
final class HostRoutes implements HttpService {
    private static final String LUN = "/volumes/{volume}/luns/{number}";

    private final HostControl node;
    private final Exchange exchange;
    private final boolean ownerOnly;

    /// `ownerOnly` says that only the owner of the node's files can ask.
    HostRoutes(HostControl node, Exchange exchange, boolean ownerOnly) {
        this.node = node;
        this.exchange = exchange;
        this.ownerOnly = ownerOnly;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/hosts", (q, s) -> exchange.answer(q, s, _ -> node.hosts()))
                .post("/volumes/{volume}/hosts", (q, s) -> exchange.act(q, s, this::addHost))
                .delete(
                        "/volumes/{volume}/hosts/{initiator}",
                        (q, s) ->
                                exchange.act(
                                        q,
                                        s,
                                        r ->
                                                node.removeHost(
                                                        Exchange.part(r, "volume"),
                                                        Exchange.part(r, "initiator"))))
                .post(LUN + "/map", (q, s) -> exchange.act(q, s, r -> mapLun(r, true)))
                .post(LUN + "/unmap", (q, s) -> exchange.act(q, s, r -> mapLun(r, false)))
                .post(LUN + "/grow", (q, s) -> exchange.act(q, s, this::growLun))
                .get("/keys", (q, s) -> exchange.act(q, s, _ -> keys()))
                .post("/keys", (q, s) -> exchange.act(q, s, this::addKeys));
    }

    private CompletableFuture<?> addHost(ServerRequest request) throws IOException {
        AddHost body = exchange.body(request, AddHost.class);
        Exchange.need(body.initiator(), "initiator");
        return node.addHost(Exchange.part(request, "volume"), body);
    }

    private CompletableFuture<?> mapLun(ServerRequest request, boolean sees) throws IOException {
        MapLun body = exchange.body(request, MapLun.class);
        Exchange.need(body.initiator(), "initiator");
        return node.mapLun(
                Exchange.part(request, "volume"),
                Exchange.lunNumber(request),
                body.initiator(),
                sees);
    }

    private CompletableFuture<?> growLun(ServerRequest request) throws IOException {
        long bytes = exchange.body(request, GrowLun.class).sizeBytes();
        Exchange.needLunSize(bytes);
        return node.growLun(Exchange.part(request, "volume"), Exchange.lunNumber(request), bytes);
    }

    private CompletableFuture<?> keys() {
        needOwner();
        return node.keys();
    }

    private CompletableFuture<?> addKeys(ServerRequest request) throws IOException {
        needOwner();
        return node.addKeys(exchange.body(request, NodeKeys.class));
    }

    private void needOwner() {
        if (!ownerOnly) {
            throw new AdminException(
                    Code.REFUSED,
                    "keys are not handed out over TCP, where everybody on this machine may ask",
                    "let the node listen on a Unix socket (admin.socket), or copy the key file of"
                            + " one node's data directory to the other's");
        }
    }
}
