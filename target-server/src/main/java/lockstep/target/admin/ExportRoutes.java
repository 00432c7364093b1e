package lockstep.target.admin;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;

import lockstep.target.admin.model.ExportSnapshot;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/// The paths about what a mirror shows to hosts, and about rehearsals.
final class ExportRoutes implements HttpService {
    private static final String VOLUME = "/volumes/{volume}";

    private final ExportControl node;
    private final Exchange exchange;

    ExportRoutes(ExportControl node, Exchange exchange) {
        this.node = node;
        this.exchange = exchange;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/exports", (q, s) -> exchange.answer(q, s, _ -> node.exports()))
                .post(VOLUME + "/exports", (q, s) -> exchange.act(q, s, this::export))
                .delete(
                        VOLUME + "/exports/{name}",
                        (q, s) ->
                                exchange.act(
                                        q,
                                        s,
                                        r -> node.unexport(volume(r), Exchange.part(r, "name"))))
                .post(
                        VOLUME + "/rehearsal",
                        (q, s) -> exchange.act(q, s, r -> node.rehearse(volume(r))));
    }

    private static String volume(ServerRequest request) {
        return Exchange.part(request, "volume");
    }

    private CompletableFuture<?> export(ServerRequest request) throws IOException {
        ExportSnapshot body = exchange.body(request, ExportSnapshot.class);
        if (body.snapshot() == null && !body.take()) {
            throw Exchange.bad("either 'snapshot' or 'take' is needed");
        }
        return node.export(volume(request), body);
    }
}
