package lockstep.target.admin;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;

import lockstep.target.admin.model.ResyncAll;
import lockstep.target.admin.model.SetPolicy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/// The paths about a pair that works.
final class PairRoutes implements HttpService {
    private static final String VOLUME = "/volumes/{volume}";

    private final PairControl node;
    private final Exchange exchange;

    PairRoutes(PairControl node, Exchange exchange) {
        this.node = node;
        this.exchange = exchange;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.post(
                        VOLUME + "/switchover",
                        (q, s) ->
                                exchange.act(
                                        q, s, r -> node.switchOver(Exchange.part(r, "volume"))))
                .post(
                        VOLUME + "/verify",
                        (q, s) ->
                                exchange.act(
                                        q, s, r -> node.verifyPair(Exchange.part(r, "volume"))))
                .post(
                        VOLUME + "/resync",
                        (q, s) ->
                                exchange.act(
                                        q,
                                        s,
                                        r ->
                                                node.resyncAll(
                                                        Exchange.part(r, "volume"),
                                                        exchange.body(r, ResyncAll.class))))
                .post(VOLUME + "/policy", (q, s) -> exchange.act(q, s, this::setPolicy));
    }

    private CompletableFuture<?> setPolicy(ServerRequest request) throws IOException {
        SetPolicy body = exchange.body(request, SetPolicy.class);
        Exchange.need(body.policy(), "policy");
        if (body.budgetSeconds() < 0 || body.budgetBytes() < 0) {
            throw Exchange.bad("a budget is not negative");
        }
        return node.setPolicy(Exchange.part(request, "volume"), body);
    }
}
