package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.cli.Lockstep;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.ChapSecrets;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;
import lockstep.cli.initiator.Sense;
import lockstep.cli.initiator.SessionOptions;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;

/// Real nodes: rules, masks, secrets and sizes are the volume's, and the partner has them all after
/// a takeover.
@DisplayName("State beyond blocks")
final class HostAccessTest {
    private static final String HOST = "iqn.2026-11.io.lockstep:host";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir Path directory;
    private String out = "";

    private int run(ChildNode node, String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of("--node", node.plan().directory().resolve("admin.sock").toString()));
        StringWriter text = new StringWriter();
        CommandLine line = Lockstep.commandLine();
        line.setOut(new PrintWriter(text, true)).setErr(new PrintWriter(text, true));
        int code = line.execute(all.toArray(String[]::new));
        out = text.toString();
        return code;
    }

    private SessionOptions chap() throws Exception {
        String in = Files.readString(directory.resolve("in")).strip();
        String own = Files.readString(directory.resolve("own")).strip();
        return SessionOptions.defaults().named(HOST, 1).withChap(new ChapSecrets(HOST, in, own));
    }

    private static int sense(IscsiSession session, int lun) {
        Sense sense = session.execute(Cdb.testUnitReady(new ScsiTask(), lun)).join().senseOrNull();
        return sense == null ? 0 : sense.key() << 16 | sense.asc() << 8 | sense.ascq();
    }

    private static long bytes(IscsiSession session, int lun) {
        ByteBuf into = Unpooled.directBuffer(32);
        session.execute(Cdb.readCapacity16(new ScsiTask(), lun, into)).join();
        long bytes = (into.getLong(0) + 1) * 512;
        into.release();
        return bytes;
    }

    private void addHost(ChildNode node) {
        assertThat(
                        run(
                                node,
                                "host",
                                "add",
                                LoopbackPair.VOLUME,
                                HOST,
                                "--lun",
                                "0",
                                "--new-chap-secret",
                                directory.resolve("in").toString(),
                                "--new-mutual-secret",
                                directory.resolve("own").toString()))
                .as(out)
                .isZero();
    }

    @Test
    void rulesMasksSecretsAndSizesAreTakenOver() throws Exception {
        try (LoopbackPair pair = TestPair.started(directory, 96, 16, TestPair.steady(64, 8, 16));
                Initiator initiator = new Initiator(1)) {
            ChildNode first = pair.first();
            pair.createLun(1, "other", 16 << 20);
            addHost(first);
            assertThatThrownBy(
                            () ->
                                    initiator
                                            .connect(
                                                    LoopbackPair.url(first, 0),
                                                    SessionOptions.defaults())
                                            .join())
                    .isInstanceOf(CompletionException.class)
                    .hasMessageContaining("authentication failed");
            IscsiSession session = initiator.connect(LoopbackPair.url(first, 0), chap()).join();
            assertThat(sense(session, 0)).isEqualTo(0x062900);
            assertThat(sense(session, 1)).isEqualTo(0x052500);
            assertThat(run(first, "lun", "map", LoopbackPair.VOLUME, "1", HOST)).as(out).isZero();
            assertThat(sense(session, 0)).isEqualTo(0x063F0E);
            assertThat(sense(session, 1)).isEqualTo(0x062900);
            assertThat(run(first, "lun", "grow", LoopbackPair.VOLUME, "0", "--size", "900m"))
                    .as(out)
                    .isZero();
            assertThat(sense(session, 0)).isEqualTo(0x062A09);
            assertThat(bytes(session, 0)).isEqualTo(900L << 20);
            explain(first);
            assertThat(run(first, "lun", "list")).isZero();
            assertThat(out).contains("900 MiB", HOST);

            first.kill();
            session.closed().join();
            pair.takeOver(pair.second());
            pair.await(pair.second(), "alone", PATIENCE);
            IscsiSession again =
                    initiator.connect(LoopbackPair.url(pair.second(), 0), chap()).join();
            sense(again, 0);
            assertThat(sense(again, 0)).isZero();
            assertThat(bytes(again, 0)).isEqualTo(900L << 20);
            assertThat(sense(again, 1)).isEqualTo(0x062900);
            Map<String, List<String>> found =
                    initiator
                            .discover("127.0.0.1", pair.second().plan().iscsiPort(), chap())
                            .join();
            assertThat(found).containsOnlyKeys(LoopbackPair.target());
            assertThat(run(pair.second(), "host", "list", "--json")).isZero();
            assertThat(new ObjectMapper().readTree(out).path(0).path("chap").asText())
                    .isEqualTo("mutual");
            again.logout().join();
            String logged =
                    Files.readString(first.logFile()) + Files.readString(pair.second().logFile());
            assertThat(logged)
                    .doesNotContain(Files.readString(directory.resolve("in")).strip())
                    .doesNotContain(Files.readString(directory.resolve("own")).strip());
        }
    }

    private void explain(ChildNode node) throws Exception {
        String secret = directory.resolve("in").toString();
        assertThat(
                        run(
                                node,
                                "lun",
                                "explain",
                                LoopbackPair.VOLUME,
                                "0",
                                "--initiator",
                                HOST,
                                "--chap-secret",
                                secret,
                                "--json"))
                .as(out)
                .isZero();
        JsonNode rows = new ObjectMapper().readTree(out);
        assertThat(rows.size()).isGreaterThan(15);
        for (JsonNode row : rows) {
            if (row.path("decision").asText().equals("WWID")) {
                assertThat(row.path("result").asText()).matches("36024c53[0-9a-f]{25}");
            }
            if (row.path("decision").asText().equals("discard")) {
                assertThat(row.path("result").asText()).isEqualTo("UNMAP");
            }
        }
    }
}
