package lockstep.target.admin;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

import lockstep.target.admin.model.AdminError;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.CreateMirror;
import lockstep.target.admin.model.CreatePair;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.TakeOver;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The paths below `/v1` and what each asks of the node. A request waits on its own virtual thread.
/// Actions are logged: they are the audit trail.
final class Routes implements HttpService {
    private static final Logger LOG = LoggerFactory.getLogger(Routes.class);
    private static final int LONGEST_BODY = 64 * 1024;
    private static final long TIMEOUT_SECONDS = 120;

    private final NodeControl node;
    private final MetricRegistry metrics;
    private final ObjectMapper json = new ObjectMapper();

    Routes(NodeControl node, MetricRegistry metrics) {
        this.node = node;
        this.metrics = metrics;
    }

    private interface Action {
        CompletableFuture<?> run(ServerRequest request) throws IOException;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/status", (q, s) -> answer(q, s, _ -> node.status()))
                .get("/node", (q, s) -> answer(q, s, _ -> node.node()))
                .get("/events", (q, s) -> answer(q, s, _ -> node.events()))
                .get("/disks", (q, s) -> answer(q, s, _ -> node.disks()))
                .get("/volumes", (q, s) -> answer(q, s, _ -> node.volumes()))
                .get("/luns", (q, s) -> answer(q, s, _ -> node.luns()))
                .get("/pairs", (q, s) -> answer(q, s, _ -> node.pairs()))
                .get("/metrics", (q, s) -> answer(q, s, _ -> metrics()))
                .post("/volumes", (q, s) -> act(q, s, this::createVolume))
                .delete("/volumes/{volume}", (q, s) -> act(q, s, r -> node.deleteVolume(volume(r))))
                .post("/volumes/{volume}/luns", (q, s) -> act(q, s, this::createLun))
                .delete("/volumes/{volume}/luns/{number}", (q, s) -> act(q, s, this::deleteLun))
                .post("/mirrors", (q, s) -> act(q, s, this::createMirror))
                .delete("/mirrors/{volume}", (q, s) -> act(q, s, r -> node.deleteMirror(volume(r))))
                .post("/pairs", (q, s) -> act(q, s, this::createPair))
                .delete("/pairs/{volume}", (q, s) -> act(q, s, r -> node.deletePair(volume(r))))
                .post(
                        "/volumes/{volume}/takeover",
                        (q, s) -> act(q, s, r -> node.takeOver(volume(r), body(r, TakeOver.class))))
                .post("/volumes/{volume}/detach", (q, s) -> act(q, s, r -> node.detach(volume(r))))
                .post(
                        "/volumes/{volume}/activate",
                        (q, s) -> act(q, s, r -> node.activate(volume(r))))
                .post(
                        "/volumes/{volume}/discard",
                        (q, s) -> act(q, s, r -> node.discard(volume(r))))
                .any((_, s) -> send(s, new AdminError(Code.NOT_FOUND, "no such path", "see /v1")));
    }

    private CompletableFuture<?> metrics() {
        return CompletableFuture.completedFuture(Metrics.of(metrics));
    }

    private CompletableFuture<?> createVolume(ServerRequest request) throws IOException {
        CreateVolume body = body(request, CreateVolume.class);
        need(body.name(), "name");
        if (body.automatic() != body.groups().isEmpty()) {
            throw bad("a volume needs either its groups of disks or 'automatic'");
        }
        return node.createVolume(body);
    }

    private CompletableFuture<?> createLun(ServerRequest request) throws IOException {
        CreateLun body = body(request, CreateLun.class);
        need(body.name(), "name");
        if (body.sizeBytes() <= 0 || body.sizeBytes() % 4096 != 0) {
            throw bad("a LUN's size is a positive multiple of 4096 bytes");
        }
        return node.createLun(volume(request), body);
    }

    private CompletableFuture<?> deleteLun(ServerRequest request) {
        String number = request.path().pathParameters().get("number");
        try {
            return node.deleteLun(volume(request), Integer.parseInt(number));
        } catch (NumberFormatException e) {
            throw bad("'" + number + "' is not a LUN number");
        }
    }

    private CompletableFuture<?> createPair(ServerRequest request) throws IOException {
        CreatePair body = body(request, CreatePair.class);
        need(body.volume(), "volume");
        if (body.peer() == null) {
            throw bad("'peer' is missing");
        }
        need(body.peer().uuid(), "peer.uuid");
        need(body.peer().id(), "peer.id");
        return node.createPair(body);
    }

    private CompletableFuture<?> createMirror(ServerRequest request) throws IOException {
        CreateMirror body = body(request, CreateMirror.class);
        need(body.volumeId(), "volumeId");
        need(body.name(), "name");
        if (body.source() == null || body.volumeBlocks() <= 0) {
            throw bad("a mirror needs its source and its size");
        }
        if (body.automatic() != body.groups().isEmpty()) {
            throw bad("a mirror needs either its groups of disks or 'automatic'");
        }
        return node.createMirror(body);
    }

    private static void need(String value, String name) {
        // Jackson leaves null what the body left out, whatever the record's types say.
        if (value == null || value.isBlank()) {
            throw bad("'" + name + "' is missing");
        }
    }

    private static AdminException bad(String happened) {
        return new AdminException(Code.BAD_REQUEST, happened, "correct the request");
    }

    private static String volume(ServerRequest request) {
        return request.path().pathParameters().get("volume");
    }

    private <T> T body(ServerRequest request, Class<T> type) throws IOException {
        // A browser cannot send this type to another origin without asking first.
        boolean isJson =
                request.headers()
                        .contentType()
                        .map(type1 -> type1.text().startsWith("application/json"))
                        .orElse(false);
        if (!isJson) {
            throw bad("the body is not application/json");
        }
        byte[] bytes = request.content().inputStream().readNBytes(LONGEST_BODY + 1);
        if (bytes.length > LONGEST_BODY) {
            throw bad("the body is too long");
        }
        try {
            return json.readValue(bytes, type);
        } catch (JsonProcessingException e) {
            throw bad("the body is wrong: " + e.getOriginalMessage());
        }
    }

    private void act(ServerRequest request, ServerResponse response, Action action) {
        LOG.info("{} {}", request.prologue().method().text(), request.path().path());
        answer(request, response, action);
    }

    private void answer(ServerRequest request, ServerResponse response, Action action) {
        try {
            Object value = action.run(request).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            send(response, 200, value);
        } catch (AdminException e) {
            send(response, e.error());
        } catch (ExecutionException e) {
            send(response, errorOf(e.getCause() == null ? e : e.getCause()));
        } catch (TimeoutException e) {
            String happened = "no answer after " + TIMEOUT_SECONDS + " s; it may still happen";
            send(response, new AdminError(Code.UNAVAILABLE, happened, "look at the status"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            send(response, new AdminError(Code.UNAVAILABLE, "the node stops", "start it again"));
        } catch (IOException | RuntimeException e) {
            send(response, errorOf(e));
        }
    }

    private static AdminError errorOf(Throwable cause) {
        if (cause instanceof AdminException refused) {
            return refused.error();
        }
        LOG.error("an admin request failed", cause);
        return new AdminError(Code.INTERNAL, String.valueOf(cause), "see the node's log");
    }

    private void send(ServerResponse response, AdminError error) {
        send(response, error.code().status(), error);
    }

    private void send(ServerResponse response, int status, Object value) {
        try {
            byte[] bytes = json.writerWithDefaultPrettyPrinter().writeValueAsBytes(value);
            response.status(Status.create(status));
            response.header("Content-Type", "application/json");
            response.send(bytes);
        } catch (JsonProcessingException e) {
            response.status(Status.INTERNAL_SERVER_ERROR_500);
            response.send(e.getOriginalMessage().getBytes(StandardCharsets.UTF_8));
        }
    }
}
