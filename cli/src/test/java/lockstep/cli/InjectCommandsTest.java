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
import java.util.Arrays;

/// What an operator asks of a node that is to fail.
@Timeout(60)
final class InjectCommandsTest {
    @TempDir Path directory;

    private final FakeNode node = new FakeNode();
    private String out = "";

    private int ask(String... arguments) {
        StringWriter text = new StringWriter();
        CommandLine commandLine = Lockstep.commandLine();
        commandLine.setOut(new PrintWriter(text)).setErr(new PrintWriter(text));
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--node";
        all[arguments.length + 1] = directory.resolve("admin.sock").toString();
        int code = commandLine.execute(all);
        out = text.toString();
        return code;
    }

    private void asks(String request, String... arguments) {
        assertThat(ask(arguments)).as(out).isZero();
        assertThat(node.faults.asked.getLast()).isEqualTo("InjectFault[" + request + "]");
    }

    @Test
    void faultsAreSetListedAndCleared() throws Exception {
        Path socket = directory.resolve("admin.sock");
        try (var _ = AdminServer.onSocket(socket, node, new MetricRegistry())) {
            assertThat(ask("inject", "list")).isEqualTo(ExitCode.REFUSED.code());
            assertThat(out)
                    .contains("refused: this node was not started for fault injection")
                    .contains("what to do: set fault-injection = true");
            assertThat(ask("status")).isZero();
            assertThat(out).doesNotContain("WARNING");
            node.faults.on = true;
            asks(
                    "at=disk, target=d0, kind=slow, offset=8192, length=1048576, delayMillis=500,"
                            + " skip=3, oneIn=10, count=2, forMillis=60000",
                    "inject disk d0 slow --offset 8k --length 1m --delay 500ms --skip 3 --one-in 10"
                            .concat(" --count 2 --for 1m")
                            .split(" ", -1));
            assertThat(out).isEqualTo("fault 1 is set: slow on d0, always\n");
            asks(
                    "at=log, target=/l, kind=full, offset=0, length=0, delayMillis=0, skip=0,"
                            + " oneIn=1, count=0, forMillis=0",
                    "inject log full --device /l".split(" ", -1));
            asks(
                    "at=link, target=beta, kind=delay, offset=0, length=0, delayMillis=2000,"
                            + " skip=0, oneIn=1, count=0, forMillis=0",
                    "inject link delay --peer beta --delay 2s".split(" ", -1));
            asks(
                    "at=point, target=cp-superblock, kind=crash, offset=0, length=0, delayMillis=0,"
                            + " skip=2, oneIn=1, count=1, forMillis=0",
                    "inject crash cp-superblock --skip 2".split(" ", -1));
            asks(
                    "at=point, target=log-written, kind=stall, offset=0, length=0, delayMillis=800,"
                            + " skip=0, oneIn=1, count=1, forMillis=0",
                    "inject stall log-written 800ms".split(" ", -1));
            asks(
                    "at=point, target=cp-superblock, kind=hold, offset=0, length=0, delayMillis=0,"
                            + " skip=0, oneIn=1, count=0, forMillis=0",
                    "inject hold cp-superblock".split(" ", -1));
            assertThat(ask("inject", "points")).isZero();
            assertThat(out).contains("cp-superblock", "yes", "before the superblock");
            assertThat(ask("inject", "list")).isZero();
            assertThat(out).contains("slow on d0", "delay on beta", "hold on cp-superblock");
            assertThat(ask("status")).isZero();
            assertThat(out).contains("WARNING: this node takes orders to fail", "fault 6: hold");
            assertThat(ask("inject", "clear", "1")).isZero();
            assertThat(out).isEqualTo("fault 1 is cleared\n");
            assertThat(ask("inject", "clear")).isEqualTo(ExitCode.USAGE.code());
            assertThat(ask("inject", "clear", "1", "--all")).isEqualTo(ExitCode.USAGE.code());
            assertThat(ask("inject", "clear", "--all")).isZero();
            assertThat(ask("inject", "list")).isZero();
            assertThat(out).doesNotContain("slow");
            assertThat(ask("inject", "disk", "d0", "slow", "--delay", "xms")).isNotZero();
        }
    }
}
