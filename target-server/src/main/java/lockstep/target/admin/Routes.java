package lockstep.target.admin;

import com.codahale.metrics.MetricRegistry;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;

import lockstep.target.admin.model.AdminError;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.CreateMirror;
import lockstep.target.admin.model.CreatePair;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.ResyncRate;
import lockstep.target.admin.model.TakeOver;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/// The paths below `/v1` and what each asks of the node, but for those of [HostRoutes],
/// [DiskRoutes], [PairRoutes], [PeerRoutes], [FaultRoutes] and [SnapshotRoutes].
final class Routes implements HttpService {
    private final NodeControl node;
    private final MetricRegistry metrics;
    private final Exchange exchange;

    Routes(NodeControl node, MetricRegistry metrics, Exchange exchange) {
        this.node = node;
        this.exchange = exchange;
        this.metrics = metrics;
    }

    @Override
    public void routing(HttpRules rules) {
        routeScrub(rules);
        rules.get("/status", (q, s) -> exchange.answer(q, s, _ -> node.status()))
                .get("/node", (q, s) -> exchange.answer(q, s, _ -> node.node()))
                .get("/events", (q, s) -> exchange.answer(q, s, _ -> node.events()))
                .get("/volumes", (q, s) -> exchange.answer(q, s, _ -> node.volumes()))
                .get("/luns", (q, s) -> exchange.answer(q, s, _ -> node.luns()))
                .get("/pairs", (q, s) -> exchange.answer(q, s, _ -> node.pairs()))
                .get("/metrics", (q, s) -> exchange.answer(q, s, _ -> metrics()))
                .post("/volumes", (q, s) -> exchange.act(q, s, this::createVolume))
                .delete(
                        "/volumes/{volume}",
                        (q, s) ->
                                exchange.act(
                                        q, s, r -> node.deleteVolume(Exchange.part(r, "volume"))))
                .post("/volumes/{volume}/luns", (q, s) -> exchange.act(q, s, this::createLun))
                .delete(
                        "/volumes/{volume}/luns/{number}",
                        (q, s) -> exchange.act(q, s, this::deleteLun))
                .post("/mirrors", (q, s) -> exchange.act(q, s, this::createMirror))
                .delete(
                        "/mirrors/{volume}",
                        (q, s) ->
                                exchange.act(
                                        q, s, r -> node.deleteMirror(Exchange.part(r, "volume"))))
                .post("/pairs", (q, s) -> exchange.act(q, s, this::createPair))
                .delete(
                        "/pairs/{volume}",
                        (q, s) ->
                                exchange.act(
                                        q, s, r -> node.deletePair(Exchange.part(r, "volume"))))
                .post(
                        "/volumes/{volume}/takeover",
                        (q, s) ->
                                exchange.act(
                                        q,
                                        s,
                                        r ->
                                                node.takeOver(
                                                        Exchange.part(r, "volume"),
                                                        exchange.body(r, TakeOver.class))))
                .post(
                        "/volumes/{volume}/resync-rate",
                        (q, s) -> exchange.act(q, s, this::setResyncRate))
                .post(
                        "/volumes/{volume}/detach",
                        (q, s) -> exchange.act(q, s, r -> node.detach(Exchange.part(r, "volume"))))
                .post(
                        "/volumes/{volume}/activate",
                        (q, s) ->
                                exchange.act(q, s, r -> node.activate(Exchange.part(r, "volume"))))
                .post(
                        "/volumes/{volume}/discard",
                        (q, s) -> exchange.act(q, s, r -> node.discard(Exchange.part(r, "volume"))))
                .any(
                        (_, s) ->
                                exchange.send(
                                        s,
                                        new AdminError(Code.NOT_FOUND, "no such path", "see /v1")));
    }

    private CompletableFuture<?> setResyncRate(ServerRequest request) throws IOException {
        ResyncRate body = exchange.body(request, ResyncRate.class);
        if (body.bytesPerSecond() < 0) {
            throw Exchange.bad("a rate is not negative");
        }
        return node.setResyncRate(Exchange.part(request, "volume"), body);
    }

    private void routeScrub(HttpRules rules) {
        String path = "/volumes/{volume}/scrub";
        rules.get(
                        path,
                        (q, s) ->
                                exchange.answer(q, s, r -> node.scrub(Exchange.part(r, "volume"))))
                .post(
                        path,
                        (q, s) ->
                                exchange.act(
                                        q, s, r -> node.startScrub(Exchange.part(r, "volume"))))
                .delete(
                        path,
                        (q, s) ->
                                exchange.act(
                                        q, s, r -> node.stopScrub(Exchange.part(r, "volume"))));
    }

    private CompletableFuture<?> metrics() {
        return CompletableFuture.completedFuture(Metrics.of(metrics));
    }

    private CompletableFuture<?> createVolume(ServerRequest request) throws IOException {
        CreateVolume body = exchange.body(request, CreateVolume.class);
        Exchange.need(body.name(), "name");
        if (body.automatic() != body.groups().isEmpty()) {
            throw Exchange.bad("a volume needs either its groups of disks or 'automatic'");
        }
        return node.createVolume(body);
    }

    private CompletableFuture<?> createLun(ServerRequest request) throws IOException {
        CreateLun body = exchange.body(request, CreateLun.class);
        Exchange.need(body.name(), "name");
        Exchange.needLunSize(body.sizeBytes());
        return node.createLun(Exchange.part(request, "volume"), body);
    }

    private CompletableFuture<?> deleteLun(ServerRequest request) {
        return node.deleteLun(
                Exchange.part(request, "volume"),
                Exchange.lunNumber(request),
                request.query().first("snapshots").map(Boolean::parseBoolean).orElse(false));
    }

    private CompletableFuture<?> createPair(ServerRequest request) throws IOException {
        CreatePair body = exchange.body(request, CreatePair.class);
        Exchange.need(body.volume(), "volume");
        if (body.peer() == null) {
            throw Exchange.bad("'peer' is missing");
        }
        Exchange.need(body.peer().uuid(), "peer.uuid");
        Exchange.need(body.peer().id(), "peer.id");
        return node.createPair(body);
    }

    private CompletableFuture<?> createMirror(ServerRequest request) throws IOException {
        CreateMirror body = exchange.body(request, CreateMirror.class);
        Exchange.need(body.volumeId(), "volumeId");
        Exchange.need(body.name(), "name");
        if (body.source() == null || body.volumeBlocks() <= 0) {
            throw Exchange.bad("a mirror needs its source and its size");
        }
        if (body.automatic() != body.groups().isEmpty()) {
            throw Exchange.bad("a mirror needs either its groups of disks or 'automatic'");
        }
        return node.createMirror(body);
    }
}
