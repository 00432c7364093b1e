package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.Lockstep;
import lockstep.cli.demo.ChildNode;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A real node: what operators can do with disks, and what is refused with which words.
@NullUnmarked
final class DiskCommandsTest {
    @TempDir Path directory;
    private ChildNode node;
    private String out = "";

    private int run(String... command) {
        StringWriter text = new StringWriter();
        int code = execute(command, text);
        out = text.toString();
        return code;
    }

    private int execute(String[] command, StringWriter text) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of("--node", node.socket().toString()));
        CommandLine line = Lockstep.commandLine();
        line.setOut(new PrintWriter(text, true)).setErr(new PrintWriter(text, true));
        return line.execute(all.toArray(String[]::new));
    }

    private void refused(String because, String... command) {
        assertThat(run(command)).as(out).isEqualTo(3);
        assertThat(out).contains("refused: ", because, "what to do: ");
    }

    private void done(String... command) {
        assertThat(run(command)).as(out).isZero();
    }

    private void file(String name, long bytes) throws Exception {
        Path path = node.disk(0).resolveSibling(name);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(bytes);
        }
    }

    private void awaitList(String text) throws Exception {
        for (int i = 0; i < 600; i++) {
            done("disk", "list");
            if (out.contains(text)) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(out).contains(text);
    }

    private static void awaitNo(DiskCommandsTest test, String text, String... asked)
            throws Exception {
        for (int i = 0; i < 1500; i++) {
            test.done(asked);
            if (!test.out.contains(text)) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(test.out).doesNotContain(text);
    }

    @Test
    void disksArePutInAndTakenOut() throws Exception {
        try (ChildNode started = TestPair.node("n", directory, 8, 16, TestPair.settings(16, 4))) {
            node = started;
            node.prepare();
            node.launch();
            node.awaitReady();
            done("volume", "create", "v", "--group", "disk0,disk1,disk2");
            done("volume", "create", "w", "--group", "disk3,disk4");
            refused("no disk of v is away", "disk", "replace", "v", "disk5");
            refused("not started for fault injection", "inject", "disk", "disk0", "hang");
            refused("slot 1 is in use", "disk", "replace", "v", "disk5", "--group=0", "--slot=1");
            refused("has no group 0 slot 3", "disk", "fault", "v", "--slot", "3");
            done("disk", "fault", "v", "--slot", "1");
            refused("cannot do without", "disk", "fault", "v", "--slot", "2");
            refused("has left already", "disk", "fault", "v", "--slot", "1");
            done("disk", "list");
            assertThat(out).contains("failed", "the operator took it out");
            refusesWhatIsNotFree();
            done("disk", "replace", "v", "disk5");
            awaitNo(this, "rebuilding", "disk", "list");
            done("disk", "list");
            assertThat(out).contains("left", "another disk has its place");
            oneOfTwoOrdersGetsTheDisk();
            sparesAndOldDisks();
            done("disk", "locate", "disk7", "--seconds", "1");
            done("volume", "delete", "v");
            done("disk", "list");
            assertThat(out).doesNotContain(" v ").contains("it came after the start");
            refused("in use or refused", "volume", "create", "x", "--group", "disk0,copy");
        }
    }

    private void refusesWhatIsNotFree() throws Exception {
        file("small", 4 << 20);
        refused("are needed", "disk", "replace", "v", "small");
        refused("in use by volume w", "disk", "replace", "v", "disk3");
        refused("in use by volume v", "disk", "replace", "v", "disk0");
        refused("there is no disk other", "disk", "replace", "v", "other");
        Path copy = node.disk(0).resolveSibling("copy");
        Files.copy(node.disk(0), copy);
        refused("is a copy of group 0 slot 0", "disk", "replace", "v", copy.toString());
        Path foreign = node.disk(0).resolveSibling("foreign");
        Files.copy(node.disk(3), foreign);
        refused("is a disk of volume w", "disk", "replace", "v", "foreign");
        done("disk", "add", "w", "foreign", "--spare", "--force");
    }

    private void oneOfTwoOrdersGetsTheDisk() {
        List<CompletableFuture<Integer>> orders = new ArrayList<>();
        for (String volume : List.of("v", "w")) {
            String[] order = {"disk", "add", volume, "disk7", "--spare"};
            orders.add(CompletableFuture.supplyAsync(() -> execute(order, new StringWriter())));
        }
        assertThat(orders.stream().map(CompletableFuture::join)).containsExactlyInAnyOrder(0, 3);
    }

    private void sparesAndOldDisks() throws Exception {
        done("disk", "add", "v", "disk6", "--spare");
        refused("in use by volume v", "disk", "add", "v", "disk6", "--spare");
        done("disk", "list");
        assertThat(out).contains("spare");
        done("disk", "fault", "v", "--group", "0", "--slot", "0");
        // The spare takes its place, and the old disk is taken as the next spare.
        awaitList("left");
        awaitNo(this, "rebuilding", "disk", "list");
        done("disk", "add", "v", "disk0", "--spare");
        done("status");
        assertThat(out).doesNotContain("group 0 is degraded");
    }

    @Test
    void aVolumeGrowsWhileItIsInUse() throws Exception {
        try (ChildNode started = TestPair.node("g", directory, 6, 16, TestPair.settings(16, 4))) {
            node = started;
            node.prepare();
            node.launch();
            node.awaitReady();
            done("volume", "create", "v", "--group", "disk0,disk1");
            done("lun", "create", "v", "data", "--size", "64m");
            file("small", 4 << 20);
            refused("are needed in group 0", "disk", "add", "v", "small", "--group", "0");
            refused("has no group 3", "disk", "add", "v", "disk2", "--group", "3");
            done("disk", "add", "v", "disk2", "--group", "0");
            assertThat(out).contains("disk2 joined as part of group 0; v has 28.");
            refused("in use by volume v", "disk", "add", "v", "disk2", "--group", "0");
            done("disk", "fault", "v", "--group", "0", "--slot", "2");
            refused("group 0 is degraded", "disk", "add", "v", "disk3", "--group", "0");
            refused("in use by volume v", "volume", "grow", "v", "disk3", "disk0");
            done("volume", "grow", "v", "disk3", "disk4");
            assertThat(out).contains("as part of group 1; v has 42.");
            done("disk", "replace", "v", "disk2");
            awaitNo(this, "rebuilding", "disk", "list");
            node.kill();
            node.launch();
            node.awaitReady();
            done("disk", "add", "v", "disk5", "--group", "1");
            done("volume", "list");
            assertThat(out).contains("57.2 MiB");
            done("volume", "list", "--json");
            assertThat(out).contains("disk1 (parity)").doesNotContain("degraded");
            // A disk that has just joined has the newest record of each area and not the one
            // before: a scrub evens that out, and so does the next record.
            done("volume", "scrub", "start", "v");
            awaitNo(this, ": running", "volume", "scrub", "status", "v");
            node.kill();
            StringWriter text = new StringWriter();
            CommandLine line = Lockstep.commandLine();
            line.setOut(new PrintWriter(text, true)).setErr(new PrintWriter(text, true));
            int code = line.execute("volume", "check", "-c", node.configuration().toString());
            assertThat(code).as(text.toString()).isZero();
        }
    }
}
