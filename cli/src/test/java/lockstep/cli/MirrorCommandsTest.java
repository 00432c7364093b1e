package lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;

import lockstep.target.admin.AdminServer;
import lockstep.target.admin.FakeNode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;

/// What an operator asks of a mirror that goes on mirroring.
@Timeout(60)
final class MirrorCommandsTest {
    @TempDir Path directory;

    private String out = "";

    private int ask(String address, String... arguments) {
        StringWriter text = new StringWriter();
        CommandLine commandLine = Lockstep.commandLine();
        commandLine.setOut(new PrintWriter(text)).setErr(new PrintWriter(text));
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--node";
        all[arguments.length + 1] = address;
        int code = commandLine.execute(all);
        out = text.toString();
        return code;
    }

    @Test
    void snapshotsAreShownClonedAndHidden() throws Exception {
        FakeNode node = new FakeNode();
        String address = directory.resolve("admin.sock").toString();
        try (var _ = AdminServer.onSocket(Path.of(address), node, new MetricRegistry())) {
            assertThat(ask(address, "mirror", "export", "v", "--name", "e")).isZero();
            assertThat(ask(address, "mirror", "export", "v", "--snapshot", "s")).isZero();
            assertThat(ask(address, "mirror", "clone", "v", "--snapshot", "s", "--take"))
                    .isEqualTo(2);
            assertThat(ask(address, "mirror", "clone", "v", "--snapshot", "s", "--scratch", "w"))
                    .isZero();
            assertThat(out).contains("iqn.x:v:e shows snapshot s, clone");
            assertThat(ask(address, "mirror", "exports")).isZero();
            assertThat(out)
                    .contains("2026-01-01T00:00:00Z")
                    .contains("read-only")
                    .contains("clone");
            assertThat(ask(address, "mirror", "unexport", "v", "e")).isZero();
            assertThat(ask(address, "takeover", "v", "--rehearse")).isZero();
            assertThat(out).contains("a takeover would serve");
            assertThat(node.exports.asked)
                    .containsExactly(
                            "export v ExportSnapshot[snapshot=null, take=true, name=e,"
                                    + " scratch=null]",
                            "export v ExportSnapshot[snapshot=s, take=false, name=null,"
                                    + " scratch=null]",
                            "export v ExportSnapshot[snapshot=s, take=false, name=null, scratch=w]",
                            "unexport v e",
                            "rehearse v");
        }
    }
}
