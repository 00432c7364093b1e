package lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.replication.tail.TailFormat;
import lockstep.target.admin.AdminServer;
import lockstep.target.admin.FakeNode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// What an operator sees of a resync, changes about it and about a mirror that is away, learns of
/// both copies, and finds of what an old source had.
@Timeout(60)
final class ResyncCommandsTest {
    @TempDir Path directory;

    private String out = "";

    private int ask(String... arguments) {
        StringWriter text = new StringWriter();
        CommandLine commandLine = Lockstep.commandLine();
        commandLine.setOut(new PrintWriter(text)).setErr(new PrintWriter(text));
        int code = commandLine.execute(arguments);
        out = text.toString();
        return code;
    }

    @Test
    void aResyncIsShownAndSlowedDown() throws Exception {
        FakeNode node = new FakeNode();
        String address = directory.resolve("admin.sock").toString();
        String other = directory.resolve("mirror.sock").toString();
        try (var _ = AdminServer.onSocket(Path.of(address), node, new MetricRegistry());
                var _ =
                        AdminServer.onSocket(
                                Path.of(other), new FakeNode(), new MetricRegistry())) {
            ask("volume", "create", "v", "--auto", "--node", address);
            ask(
                    "pair",
                    "create",
                    "v",
                    "--peer-admin",
                    other,
                    "--peer",
                    "10.0.0.2:7801",
                    "--node",
                    address);
            for (String[] command : new String[][] {{"status"}, {"pair", "list"}}) {
                String[] asked = java.util.Arrays.copyOf(command, command.length + 2);
                asked[command.length] = "--node";
                asked[command.length + 1] = address;
                assertThat(ask(asked)).isZero();
                assertThat(out).contains("full copy 50%, 10 blocks, 40 KiB at 4 KiB/s, 9 s left");
            }
            assertThat(ask("pair", "resync-rate", "v", "50m", "--node", address)).isZero();
            assertThat(node.asked.getLast()).isEqualTo("setResyncRate v 52428800");
            assertThat(ask("pair", "resync-rate", "v", "0", "--node", address)).isZero();
            assertThat(node.asked.getLast()).isEqualTo("setResyncRate v 0");
            assertThat(ask("pair", "resync-rate", "none", "0", "--node", address)).isEqualTo(3);
            assertThat(ask("pair", "resync", "v", "--full", "--yes", "--node", address)).isZero();
            assertThat(node.asked.getLast()).isEqualTo("v ResyncAll[acceptNoImage=true]");
            assertThat(ask("pair", "resync", "v", "--full", "--node", address)).isZero();
            assertThat(node.asked.getLast()).isEqualTo("v ResyncAll[acceptNoImage=false]");
            assertThat(ask("pair", "resync", "v", "--node", address))
                    .isEqualTo(ExitCode.USAGE.code());
        }
    }

    @Test
    void copiesAreComparedAndAPolicyIsSet() throws Exception {
        FakeNode node = new FakeNode();
        String address = directory.resolve("admin.sock").toString();
        try (var _ = AdminServer.onSocket(Path.of(address), node, new MetricRegistry())) {
            ask("volume", "create", "v", "--auto", "--node", address);
            assertThat(ask("pair", "verify", "v", "--node", address)).isZero();
            assertThat(out).contains("100 blocks", "equal");
            ask("volume", "create", "bad", "--auto", "--node", address);
            assertThat(ask("pair", "verify", "bad", "--node", address))
                    .isEqualTo(ExitCode.FAILED.code());
            assertThat(out).contains("blocks [7] differ");
            assertThat(
                            ask(
                                    "pair",
                                    "policy",
                                    "v",
                                    "available",
                                    "--budget-bytes",
                                    "2g",
                                    "--node",
                                    address))
                    .isZero();
            assertThat(node.asked.getLast())
                    .isEqualTo(
                            "v SetPolicy[policy=available, budgetSeconds=0,"
                                    + " budgetBytes=2147483648]");
        }
    }

    @Test
    void aTailIsListed() throws Exception {
        Epoch epoch = new Epoch(3, 4);
        CpId image = new CpId(epoch, 9);
        var place = new TailFormat.Place(true, epoch, 77);
        ByteBuffer data = ByteBuffer.allocate(512);
        List<ByteBuffer> parts =
                List.of(
                        TailFormat.begin(),
                        TailFormat.encode(
                                new TailFormat.Head(
                                        new VolumeId(1, 2),
                                        10,
                                        0,
                                        image,
                                        image,
                                        Position.NONE,
                                        "v")),
                        TailFormat.encode(new TailFormat.Range(2, 1024, 512, place, data)),
                        TailFormat.encode(new TailFormat.End(1)));
        Path file = directory.resolve("v.tail");
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(parts.toArray(ByteBuffer[]::new));
        }
        assertThat(ask("log", "tail", file.toString())).isZero();
        assertThat(out).containsPattern("data +2 +2 +512  entry 77 of 3@4");
        assertThat(out).contains("1 changes of volume v that only node a had");
        assertThat(ask("log", "tail", "--json", file.toString())).isZero();
        assertThat(out).contains("\"lba\" : 2", "\"whole\" : true");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 1);
        }
        assertThat(ask("log", "tail", file.toString())).isEqualTo(1);
        assertThat(out).contains("the file is not whole");
    }
}
