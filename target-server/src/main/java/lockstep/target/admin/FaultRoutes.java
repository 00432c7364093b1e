package lockstep.target.admin;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;

import lockstep.target.admin.model.InjectFault;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/// The paths about faults on request.
final class FaultRoutes implements HttpService {
    private final FaultControl node;
    private final Exchange exchange;

    FaultRoutes(FaultControl node, Exchange exchange) {
        this.node = node;
        this.exchange = exchange;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/faults", (q, s) -> exchange.answer(q, s, _ -> node.faults()))
                .get("/faults/points", (q, s) -> exchange.answer(q, s, _ -> node.faultPoints()))
                .post("/faults", (q, s) -> exchange.act(q, s, this::inject))
                .delete("/faults", (q, s) -> exchange.act(q, s, _ -> node.clearFaults()))
                .delete("/faults/{id}", (q, s) -> exchange.act(q, s, this::clear));
    }

    private CompletableFuture<?> inject(ServerRequest request) throws IOException {
        InjectFault body = exchange.body(request, InjectFault.class);
        Exchange.need(body.at(), "at");
        Exchange.need(body.kind(), "kind");
        if (body.offset() < 0 || body.length() < 0 || body.delayMillis() < 0) {
            throw Exchange.bad("a range or a delay is not negative");
        }
        if (body.skip() < 0 || body.oneIn() < 1 || body.count() < 0 || body.forMillis() < 0) {
            throw Exchange.bad("'skip', 'count' and 'forMillis' are 0 or more, 'oneIn' 1 or more");
        }
        return node.injectFault(body);
    }

    private CompletableFuture<?> clear(ServerRequest request) {
        String id = Exchange.part(request, "id");
        try {
            return node.clearFault(Long.parseLong(id));
        } catch (NumberFormatException e) {
            throw Exchange.bad("'" + id + "' is not the number of a fault");
        }
    }
}
