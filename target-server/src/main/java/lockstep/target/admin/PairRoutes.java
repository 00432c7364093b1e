package lockstep.target.admin;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;

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
                (q, s) -> exchange.act(q, s, r -> node.switchOver(Exchange.part(r, "volume"))));
    }
}
