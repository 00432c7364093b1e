package lockstep.target.admin;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;

import lockstep.target.admin.model.CloneSnapshot;
import lockstep.target.admin.model.RestoreSnapshot;
import lockstep.target.admin.model.ScheduleView;
import lockstep.target.admin.model.TakeSnapshot;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/// The paths about snapshots and their schedules.
final class SnapshotRoutes implements HttpService {
    private static final String VOLUME = "/volumes/{volume}";
    private static final String SNAPSHOT = VOLUME + "/luns/{number}/snapshots/{name}";

    private final SnapshotControl node;
    private final Exchange exchange;

    SnapshotRoutes(SnapshotControl node, Exchange exchange) {
        this.node = node;
        this.exchange = exchange;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/snapshots", (q, s) -> exchange.answer(q, s, _ -> node.snapshots()))
                .post(VOLUME + "/snapshots", (q, s) -> exchange.act(q, s, this::take))
                .delete(SNAPSHOT, (q, s) -> exchange.act(q, s, this::delete))
                .post(SNAPSHOT + "/restore", (q, s) -> exchange.act(q, s, this::restore))
                .post(SNAPSHOT + "/clone", (q, s) -> exchange.act(q, s, this::cloneOne))
                .get("/schedules", (q, s) -> exchange.answer(q, s, _ -> node.schedules()))
                .post(VOLUME + "/schedules", (q, s) -> exchange.act(q, s, this::schedule))
                .delete(
                        VOLUME + "/schedules/{name}",
                        (q, s) -> exchange.act(q, s, r -> node.removeSchedule(volume(r), name(r))));
    }

    private static String volume(ServerRequest request) {
        return Exchange.part(request, "volume");
    }

    private static String name(ServerRequest request) {
        return Exchange.part(request, "name");
    }

    private CompletableFuture<?> take(ServerRequest request) throws IOException {
        TakeSnapshot body = exchange.body(request, TakeSnapshot.class);
        Exchange.need(body.name(), "name");
        return node.takeSnapshot(volume(request), body);
    }

    private CompletableFuture<?> delete(ServerRequest request) {
        return node.deleteSnapshot(volume(request), Exchange.lunNumber(request), name(request));
    }

    private CompletableFuture<?> restore(ServerRequest request) throws IOException {
        return node.restoreSnapshot(
                volume(request),
                Exchange.lunNumber(request),
                name(request),
                exchange.body(request, RestoreSnapshot.class));
    }

    private CompletableFuture<?> cloneOne(ServerRequest request) throws IOException {
        CloneSnapshot body = exchange.body(request, CloneSnapshot.class);
        Exchange.need(body.name(), "name");
        return node.cloneSnapshot(
                volume(request), Exchange.lunNumber(request), name(request), body);
    }

    private CompletableFuture<?> schedule(ServerRequest request) throws IOException {
        ScheduleView body = exchange.body(request, ScheduleView.class);
        Exchange.need(body.name(), "name");
        return node.setSchedule(volume(request), body);
    }
}
