package lockstep.target.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

import lockstep.target.admin.model.AdminError;
import lockstep.target.admin.model.AdminError.Code;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// How requests are read and answered: JSON both ways, bounded, each on its own virtual thread,
/// which waits. Actions are logged: they are the audit trail. Bodies are not, as they may hold
/// secrets.
final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
    private static final int LONGEST_BODY = 64 * 1024;
    private static final long TIMEOUT_SECONDS = 120;

    private final ObjectMapper json = new ObjectMapper();

    /// What a path does.
    interface Action {
        CompletableFuture<?> run(ServerRequest request) throws IOException;
    }

    /// Refuses a body that leaves `name` out.
    static void need(String value, String name) {
        // Jackson leaves null what the body left out, whatever the record's types say.
        if (value == null || value.isBlank()) {
            throw bad("'" + name + "' is missing");
        }
    }

    static AdminException bad(String happened) {
        return new AdminException(Code.BAD_REQUEST, happened, "correct the request");
    }

    /// The part of the path that is called `name`.
    static String part(ServerRequest request, String name) {
        return request.path().pathParameters().get(name);
    }

    /// The LUN number in the path.
    static int lunNumber(ServerRequest request) {
        String number = part(request, "number");
        try {
            return Integer.parseInt(number);
        } catch (NumberFormatException e) {
            throw bad("'" + number + "' is not a LUN number");
        }
    }

    /// Refuses what is no size of a LUN.
    static void needLunSize(long bytes) {
        if (bytes <= 0 || bytes % 4096 != 0) {
            throw bad("a LUN's size is a positive multiple of 4096 bytes");
        }
    }

    /// The body, as `type`.
    <T> T body(ServerRequest request, Class<T> type) throws IOException {
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

    /// Does `action` and answers with its end.
    void act(ServerRequest request, ServerResponse response, Action action) {
        LOG.info("{} {}", request.prologue().method().text(), request.path().path());
        answer(request, response, action);
    }

    /// Answers with what `action` gives.
    void answer(ServerRequest request, ServerResponse response, Action action) {
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

    /// Answers with what was not done.
    void send(ServerResponse response, AdminError error) {
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
