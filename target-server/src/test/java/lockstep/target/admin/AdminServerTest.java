package lockstep.target.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;

@Timeout(60)
final class AdminServerTest {
    @TempDir Path directory;

    private final FakeNode node = new FakeNode();
    private final MetricRegistry metrics = new MetricRegistry();
    private final HttpClient client = HttpClient.newHttpClient();
    private AdminServer server;

    @BeforeEach
    void start() {
        server = AdminServer.onLoopback(0, node, metrics);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        client.close();
    }

    @Test
    void aVolumeAndItsLunAreMadeListedAndDeleted() throws Exception {
        JsonNode made =
                ask("POST", "/volumes", "{\"name\":\"v\",\"groups\":[[\"d0\",\"d1\"]]}", 200);
        assertThat(made.path("groups").path(0).path("disks").path(1).asText()).isEqualTo("d1");
        JsonNode lun = ask("POST", "/volumes/v/luns", "{\"name\":\"l\",\"sizeBytes\":8192}", 200);
        assertThat(lun.path("number").asInt(-1)).isZero();
        assertThat(ask("GET", "/luns", "", 200).size()).isEqualTo(1);
        assertThat(ask("GET", "/disks", "", 200).size()).isEqualTo(5);
        assertThat(ask("GET", "/status", "", 200).path("volumes").size()).isEqualTo(1);
        ask("DELETE", "/volumes/v/luns/0", "", 200);
        ask("DELETE", "/volumes/v", "", 200);
        assertThat(ask("GET", "/volumes", "", 200).size()).isZero();
        assertThat(node.asked).contains("deleteLun v 0", "deleteVolume v");
    }

    @Test
    void whatIsAskedAboutDisksIsChecked() throws Exception {
        ask("POST", "/volumes", "{\"name\":\"v\",\"automatic\":true}", 200);
        ask("POST", "/volumes/v/disks/replace", "{\"disk\":\"d9\",\"slot\":1}", 400);
        ask("POST", "/volumes/v/disks/replace", "{\"group\":0,\"slot\":1}", 400);
        ask("POST", "/volumes/v/disks/add", "{}", 400);
        ask("POST", "/volumes/v/grow", "{\"group\":0}", 400);
        ask("POST", "/volumes/v/grow", "{\"group\":0,\"automatic\":true}", 400);
        ask("POST", "/volumes/v/grow", "{\"disks\":[\"d9\"],\"automatic\":true}", 400);
        ask("POST", "/disks/locate", "{\"disk\":\"d9\",\"seconds\":0}", 400);
        assertThat(node.asked).hasSize(1);
        ask("POST", "/volumes/v/disks/replace", "{\"disk\":\"d9\"}", 200);
        ask("POST", "/volumes/v/disks/add", "{\"disk\":\"d9\"}", 200);
        ask("POST", "/volumes/v/grow", "{\"group\":0,\"disks\":[\"d9\"]}", 200);
        ask("POST", "/volumes/v/disks/fault", "{\"group\":0,\"slot\":1}", 200);
        ask("POST", "/disks/locate", "{\"disk\":\"d9\",\"seconds\":5}", 200);
        ask("POST", "/volumes/none/disks/fault", "{\"group\":0,\"slot\":1}", 404);
        JsonNode rebuilding = ask("GET", "/disks", "", 200).path(4).path("rebuild");
        assertThat(rebuilding.path("secondsLeft").asInt()).isEqualTo(9);
    }

    @Test
    void aMirrorIsMadeForTheSourceThatIsNamed() throws Exception {
        String source = "{\"name\":\"s\",\"uuid\":\"u\",\"id\":\"2\",\"replication\":\"h:1\"}";
        String head = "{\"volumeId\":\"i\",\"name\":\"m\",\"automatic\":true";
        ask("POST", "/mirrors", head + ",\"volumeBlocks\":9}", 400);
        ask("POST", "/mirrors", head + ",\"source\":" + source + "}", 400);
        assertThat(node.asked).isEmpty();
        String whole = head + ",\"volumeBlocks\":9,\"source\":" + source + "}";
        assertThat(ask("POST", "/mirrors", whole, 200).path("role").asText())
                .isEqualTo("destination");
        assertThat(ask("GET", "/node", "", 200).path("id").asText()).isEqualTo("1f");
        assertThat(ask("GET", "/events", "", 200).path(0).path("about").asText()).isEqualTo("d0");
        ask("POST", "/volumes/m/discard", "", 200);
        assertThat(node.asked).contains("discard m");
    }

    @Test
    void whatIsRefusedSaysWhatHappenedAndWhatToDo() throws Exception {
        JsonNode missing = ask("DELETE", "/volumes/none", "", 404);
        assertThat(missing.path("code").asText()).isEqualTo("NOT_FOUND");
        assertThat(missing.path("happened").asText()).isEqualTo("there is no volume none");
        assertThat(missing.path("remedy").asText()).isEqualTo("see lockstep volume list");
        ask("POST", "/volumes", "{\"name\":\"v\",\"automatic\":true}", 200);
        ask("POST", "/volumes", "{\"name\":\"v\",\"automatic\":true}", 409);
        JsonNode refused = ask("POST", "/volumes/v/takeover", "{}", 409);
        assertThat(refused.path("happened").asText()).contains("12 writes may be missing");
        ask("POST", "/volumes/v/takeover", "{\"acceptDataLoss\":true}", 200);
        ask("POST", "/volumes/v/detach", "", 200);
        JsonNode moved = ask("POST", "/volumes/v/switchover", "", 200);
        assertThat(moved.get("pauseMicros").asLong()).isEqualTo(123_456);
        ask("POST", "/volumes/v/scrub", "", 200);
        ask("DELETE", "/volumes/v/scrub", "", 200);
        assertThat(ask("GET", "/volumes/v/scrub", "", 200).path("percent").asInt()).isEqualTo(42);
        String peer = "{\"name\":\"p\",\"uuid\":\"u\",\"id\":\"2\",\"replication\":\"h:1\"}";
        ask("POST", "/pairs", "{\"volume\":\"v\",\"peer\":" + peer + "}", 200);
        ask("DELETE", "/pairs/v", "", 200);
    }

    @Test
    void aWrongBodyReachesNobody() throws Exception {
        ask("POST", "/volumes", "{\"name\":", 400);
        ask("POST", "/volumes", "{\"nmae\":\"v\",\"automatic\":true}", 400);
        ask("POST", "/volumes", "{\"automatic\":true}", 400);
        ask("POST", "/volumes", "{\"name\":\"v\"}", 400);
        ask("POST", "/volumes/v/luns", "{\"name\":\"l\",\"sizeBytes\":5000}", 400);
        ask("DELETE", "/volumes/v/luns/first", "", 400);
        ask("POST", "/volumes", "{\"name\":\"" + "x".repeat(70_000) + "\"}", 400);
        ask("GET", "/nothing", "", 404);
        assertThat(node.asked).isEmpty();
    }

    @Test
    void aFaultOfTheNodeIsAnAnswerAndTheServerGoesOn() throws Exception {
        JsonNode fault = ask("POST", "/volumes/v/activate", "", 500);
        assertThat(fault.path("happened").asText()).contains("a fault of the node");
        ask("GET", "/status", "", 200);
    }

    @Test
    void snapshotsAreTakenClonedRestoredScheduledAndDeleted() throws Exception {
        ask("POST", "/volumes", "{\"name\":\"v\",\"automatic\":true}", 200);
        ask("POST", "/volumes/v/snapshots", "{\"luns\":[1]}", 400);
        String take = "{\"name\":\"s\",\"luns\":[0,1]}";
        assertThat(ask("POST", "/volumes/v/snapshots", take, 200).size()).isEqualTo(2);
        JsonNode second = ask("GET", "/snapshots", "", 200).path(1);
        assertThat(second.path("lun").asInt()).isEqualTo(1);
        assertThat(second.path("uniqueBytes").asLong()).isEqualTo(8192);
        String one = "/volumes/v/luns/1/snapshots/s";
        ask("POST", one + "/restore", "{\"deleteNewer\":true}", 200);
        ask("POST", one + "/clone", "{}", 400);
        ask("POST", one + "/clone", "{\"name\":\"c\",\"readOnly\":true}", 200);
        ask("DELETE", one, "", 200);
        ask("DELETE", "/volumes/v/luns/1?snapshots=true", "", 200);
        String hourly = "{\"name\":\"h\",\"everySeconds\":3600,\"keep\":24}";
        ask("POST", "/volumes/v/schedules", hourly, 200);
        assertThat(ask("GET", "/schedules", "", 200).path(0).path("keep").asInt()).isEqualTo(24);
        ask("DELETE", "/volumes/v/schedules/h", "", 200);
        ask("DELETE", "/volumes/none/luns/1/snapshots/s", "", 404);
        assertThat(node.asked)
                .contains(
                        "restoreSnapshot v 1 s RestoreSnapshot[deleteNewer=true]",
                        "cloneSnapshot v 1 s CloneSnapshot[number=null, name=c, readOnly=true]",
                        "deleteSnapshot v 1 s",
                        "deleteLun v 1 all",
                        "removeSchedule v h");
    }

    @Test
    void aNodeThatWasNotStartedForFaultsTakesNoneAndSaysWhatToDo() throws Exception {
        JsonNode refused = ask("GET", "/faults", "", 409);
        assertThat(refused.path("happened").asText()).contains("not started for fault injection");
        assertThat(refused.path("remedy").asText()).contains("fault-injection = true");
        ask("POST", "/faults", "{\"at\":\"point\",\"target\":\"p\",\"kind\":\"crash\"}", 409);
        ask("DELETE", "/faults", "", 409);
        assertThat(ask("GET", "/status", "", 200).path("faultInjection").asBoolean()).isFalse();
    }

    @Test
    void faultsAreCheckedSetListedAndCleared() throws Exception {
        node.faults.on = true;
        ask("POST", "/faults", "{\"at\":\"disk\",\"target\":\"d0\"}", 400);
        ask("POST", "/faults", "{\"kind\":\"slow\",\"target\":\"d0\"}", 400);
        for (String wrong : new String[] {"skip", "oneIn", "count", "forMillis", "offset"}) {
            String body = "{\"at\":\"disk\",\"kind\":\"slow\",\"" + wrong + "\":-1}";
            ask("POST", "/faults", body, 400);
        }
        ask("DELETE", "/faults/first", "", 400);
        assertThat(node.faults.asked).isEmpty();
        String body = "{\"at\":\"disk\",\"target\":\"d0\",\"kind\":\"read-error\",\"count\":2}";
        assertThat(ask("POST", "/faults", body, 200).path("id").asLong()).isEqualTo(1);
        assertThat(node.faults.asked.getFirst()).contains("oneIn=1", "count=2", "length=0");
        assertThat(ask("GET", "/faults", "", 200).path(0).path("fault").asText())
                .isEqualTo("read-error on d0");
        JsonNode status = ask("GET", "/status", "", 200);
        assertThat(status.path("faultInjection").asBoolean()).isTrue();
        assertThat(status.path("faults").size()).isEqualTo(1);
        assertThat(ask("GET", "/faults/points", "", 200).path(0).path("holds").asBoolean())
                .isTrue();
        ask("DELETE", "/faults/1", "", 200);
        ask("DELETE", "/faults", "", 200);
        assertThat(ask("GET", "/faults", "", 200).size()).isZero();
    }

    @Test
    void metricsAreNamedValues() throws Exception {
        metrics.counter("volume.v.writes").inc(7);
        metrics.timer("volume.v.latency").update(1500, TimeUnit.MICROSECONDS);
        JsonNode all = ask("GET", "/metrics", "", 200);
        assertThat(all.path("volume.v.writes").asInt()).isEqualTo(7);
        assertThat(all.path("volume.v.latency").path("p50").asDouble()).isEqualTo(1500);
    }

    @Test
    void anotherHostNameIsNotServed() throws Exception {
        try (SocketChannel channel = SocketChannel.open()) {
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
            assertThat(raw(channel, "evil.example")).startsWith("HTTP/1.1 403");
        }
    }

    @Test
    void theSocketIsTheOwnersAloneAndReplacesADeadOne() throws Exception {
        Path path = directory.resolve("run/admin.sock");
        Files.createDirectories(path.getParent());
        Files.writeString(path, "left over");
        try (AdminServer onSocket = AdminServer.onSocket(path, node, metrics)) {
            assertThat(onSocket.port()).isEqualTo(-1);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rw-------");
            assertThat(path.getParent()).isDirectoryNotContaining("glob:**.admin*");
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(path));
                assertThat(raw(channel, "node")).startsWith("HTTP/1.1 200").contains("\"fake\"");
            }
            assertThatThrownBy(() -> AdminServer.onSocket(path, node, metrics))
                    .hasMessageContaining("another node answers");
        }
        assertThat(path).doesNotExist();
    }

    private static String raw(SocketChannel channel, String host) throws Exception {
        String request =
                "GET /v1/status HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
        channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
        // Up to the end of the body: the server may keep the connection.
        InputStream in = Channels.newInputStream(channel);
        StringBuilder answer = new StringBuilder();
        while (!answer.toString().endsWith("\r\n\r\n")) {
            answer.append((char) in.read());
        }
        String head = answer.toString();
        int at = head.indexOf("Content-Length: ") + 16;
        int length = Integer.parseInt(head.substring(at, head.indexOf("\r", at)));
        return head + new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    private JsonNode ask(String method, String path, String body, int status) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + server.port() + "/v1" + path))
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build();
        var response = client.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return new ObjectMapper().readTree(response.body());
    }
}
