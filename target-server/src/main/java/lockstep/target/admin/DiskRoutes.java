package lockstep.target.admin;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;

import lockstep.target.admin.model.AddDisk;
import lockstep.target.admin.model.FaultDisk;
import lockstep.target.admin.model.GrowVolume;
import lockstep.target.admin.model.LocateDisk;
import lockstep.target.admin.model.ReplaceDisk;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/// The paths about disks.
final class DiskRoutes implements HttpService {
    private static final int LONGEST_SECONDS = 600;
    private static final String DISKS = "/volumes/{volume}/disks/";

    private final DiskControl node;
    private final Exchange exchange;

    DiskRoutes(DiskControl node, Exchange exchange) {
        this.node = node;
        this.exchange = exchange;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/disks", (q, s) -> exchange.answer(q, s, _ -> node.disks()))
                .post("/disks/locate", (q, s) -> exchange.act(q, s, this::locate))
                .post(DISKS + "replace", (q, s) -> exchange.act(q, s, this::replace))
                .post(DISKS + "add", (q, s) -> exchange.act(q, s, this::add))
                .post("/volumes/{volume}/grow", (q, s) -> exchange.act(q, s, this::grow))
                .post(DISKS + "fault", (q, s) -> exchange.act(q, s, this::fault));
    }

    private CompletableFuture<?> replace(ServerRequest request) throws IOException {
        ReplaceDisk body = exchange.body(request, ReplaceDisk.class);
        Exchange.need(body.disk(), "disk");
        if ((body.group() == null) != (body.slot() == null)) {
            throw Exchange.bad("give both group and slot, or neither");
        }
        return node.replaceDisk(Exchange.part(request, "volume"), body);
    }

    private CompletableFuture<?> add(ServerRequest request) throws IOException {
        AddDisk body = exchange.body(request, AddDisk.class);
        Exchange.need(body.disk(), "disk");
        return node.addDisk(Exchange.part(request, "volume"), body);
    }

    private CompletableFuture<?> grow(ServerRequest request) throws IOException {
        GrowVolume body = exchange.body(request, GrowVolume.class);
        if (body.automatic() && (body.group() != null || !body.disks().isEmpty())) {
            throw Exchange.bad("'automatic' makes a new group of all free disks: name none");
        }
        if (body.group() != null && body.disks().isEmpty()) {
            throw Exchange.bad("a group grows by disks: 'disks' is missing");
        }
        return node.growVolume(Exchange.part(request, "volume"), body);
    }

    private CompletableFuture<?> fault(ServerRequest request) throws IOException {
        FaultDisk body = exchange.body(request, FaultDisk.class);
        return node.faultDisk(Exchange.part(request, "volume"), body);
    }

    private CompletableFuture<?> locate(ServerRequest request) throws IOException {
        LocateDisk body = exchange.body(request, LocateDisk.class);
        Exchange.need(body.disk(), "disk");
        if (body.seconds() < 1 || body.seconds() > LONGEST_SECONDS) {
            throw Exchange.bad("'seconds' is 1 to " + LONGEST_SECONDS);
        }
        return node.locateDisk(body);
    }
}
