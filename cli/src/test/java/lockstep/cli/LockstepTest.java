package lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.ObjectMapper;

import lockstep.target.admin.AdminServer;
import lockstep.target.admin.FakeNode;
import lockstep.target.admin.model.AddHost;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/// The commands over a real socket to a node of the tests' own.
@Timeout(60)
final class LockstepTest {
    @TempDir Path directory;

    private final FakeNode node = new FakeNode();
    private final MetricRegistry metrics = new MetricRegistry();
    private AdminServer server;
    private String address = "";
    private String out = "";
    private String err = "";

    @BeforeEach
    void start() throws Exception {
        address = directory.resolve("admin.sock").toString();
        server = AdminServer.onSocket(Path.of(address), node, metrics);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void aVolumeAndALunAreMadeAndListed() throws Exception {
        assertThat(ask("volume", "create", "v", "--group", "d0,d1,d2", "--group", "d3,d4"))
                .isZero();
        assertThat(out).isEqualTo("volume v is made, 3 GiB\n");
        assertThat(node.asked.getFirst()).contains("groups=[[d0, d1, d2], [d3, d4]]");
        assertThat(ask("lun", "create", "v", "data", "--size", "10g", "--number", "5")).isZero();
        assertThat(out).isEqualTo("LUN 5 is made: iqn.2026-11.io.lockstep:v lun 5\n");
        assertThat(node.asked.getLast()).contains("number=5", "sizeBytes=10737418240");
        assertThat(ask("volume", "list")).isZero();
        assertThat(out).contains("VOLUME", "standalone", "serving", "3 GiB", "1 MiB");
        assertThat(ask("lun", "list", "--json")).isZero();
        assertThat(new ObjectMapper().readTree(out).path(0).path("name").asText())
                .isEqualTo("data");
        assertThat(ask("disk", "list")).isZero();
        assertThat(out).contains("/disks/d3", "free", "1 GiB");
        assertThat(ask("lun", "delete", "v", "5")).isZero();
        assertThat(ask("volume", "delete", "v")).isZero();
    }

    @Test
    void disksAreReplacedAddedTakenOutAndFound() throws Exception {
        ask("volume", "create", "v", "--auto");
        assertThat(ask("disk", "list")).isZero();
        assertThat(out).contains("DETAIL", "rebuilding", "50.0%, 9 s left");
        assertThat(ask("disk", "replace", "v", "d9", "--group", "0", "--slot", "2")).isZero();
        assertThat(out).startsWith("group 0 slot 2 is rebuilt onto d9; ");
        assertThat(node.asked.getLast()).contains("group=0, slot=2, disk=d9, force=false");
        assertThat(ask("disk", "replace", "v", "/disks/d9", "--force")).isZero();
        assertThat(node.asked.getLast()).contains("group=null, slot=null", "force=true");
        assertThat(ask("disk", "replace", "v", "d9", "--slot", "2")).isEqualTo(3);
        assertThat(err).contains("both group and slot");
        assertThat(ask("disk", "add", "v", "d8", "--spare")).isZero();
        assertThat(out).isEqualTo("d8 is a spare of v\n");
        assertThat(ask("disk", "add", "v", "d8")).isEqualTo(2);
        assertThat(ask("disk", "add", "v", "d8", "--spare", "--group", "0")).isEqualTo(2);
        assertThat(ask("disk", "add", "v", "d8", "--group", "1")).isZero();
        assertThat(node.asked.getLast()).contains("group=1, disks=[d8], automatic=false");
        assertThat(ask("volume", "grow", "v", "d7", "d8")).isZero();
        assertThat(node.asked.getLast()).contains("group=null, disks=[d7, d8], automatic=false");
        assertThat(ask("volume", "grow", "v", "--auto")).isZero();
        assertThat(node.asked.getLast()).contains("disks=[], automatic=true");
        assertThat(ask("volume", "grow", "v", "d7", "--auto")).isEqualTo(2);
        assertThat(ask("volume", "grow", "v")).isZero();
        assertThat(ask("disk", "fault", "v", "--slot", "1")).isZero();
        assertThat(node.asked.getLast()).contains("group=0, slot=1");
        assertThat(ask("disk", "locate", "d8", "--seconds", "5")).isZero();
        assertThat(ask("disk", "locate", "d8", "--seconds", "9999")).isEqualTo(3);
        assertThat(ask("disk", "fault", "none", "--slot", "1")).isEqualTo(3);
    }

    @Test
    void aPairIsMadeOnItsMirrorFirst() throws Exception {
        ask("volume", "create", "v", "--auto");
        FakeNode mirror = new FakeNode();
        String other = directory.resolve("mirror.sock").toString();
        try (var _ = AdminServer.onSocket(Path.of(other), mirror, new MetricRegistry())) {
            String peer = "10.0.0.2:7801";
            assertThat(ask("pair", "create", "v", "--peer-admin", other, "--peer", peer)).isZero();
        }
        assertThat(out).isEqualTo("v is mirrored to 10.0.0.2:7801: resyncing\n");
        assertThat(mirror.asked).hasSize(1);
        assertThat(mirror.asked.getFirst()).contains("name=v", "volumeBlocks=786432");
        assertThat(node.asked.getLast()).contains("volume=v", "replication=10.0.0.2:7801");
        for (String[] command : new String[][] {{"status"}, {"pair", "list"}}) {
            assertThat(ask(command)).isZero();
            assertThat(out).contains("10.0.0.2:7801", "resyncing", "up", "4 KiB");
            assertThat(out).containsAnyOf("v: connected, resyncing", "loss");
        }
    }

    @Test
    void nodesArePairedByACodeAndForgotten() throws Exception {
        assertThat(ask("pair", "invite", "--valid", "5m")).isZero();
        assertThat(out)
                .isEqualTo(
                        "code: 0123-4567-89AB-CDEF\non the other node, within 5m: lockstep pair"
                                + " accept 10.0.0.1:7801 0123-4567-89AB-CDEF\n");
        assertThat(ask("pair", "invite", "--valid", "2d")).isEqualTo(3);
        assertThat(ask("pair", "accept", "10.0.0.2:7801", "wrong")).isEqualTo(3);
        assertThat(ask("pair", "accept", "10.0.0.2:7801", "0123-4567-89AB-CDEF")).isZero();
        assertThat(out).isEqualTo("paired with beta, key 0f\n");
        assertThat(ask("pair", "peers")).isZero();
        assertThat(out).contains("PEER", "beta", "10.0.0.2:7801");
        assertThat(ask("pair", "forget", "beta")).isEqualTo(3);
        assertThat(ask("pair", "forget", "beta", "--force")).isZero();
        assertThat(ask("pair", "peers", "--json")).isZero();
        assertThat(out).isEqualTo("[ ]\n");
    }

    @Test
    void hostsAreAddedListedAndRemovedAndTheirSecretsAreNeverShown() throws Exception {
        ask("volume", "create", "v", "--auto");
        Path secret = Files.writeString(directory.resolve("in"), "sixteen-chars-ab\n");
        Path fresh = directory.resolve("fresh");
        assertThat(
                        ask(
                                "host",
                                "add",
                                "v",
                                "iqn.a:*",
                                "--address",
                                "10.0.0.0/8,fd00::/8",
                                "--lun",
                                "0,3",
                                "--chap-user",
                                "u",
                                "--chap-secret",
                                secret.toString(),
                                "--new-mutual-secret",
                                fresh.toString()))
                .isZero();
        assertThat(out).isEqualTo("iqn.a:* may use v, LUNs 0, 3\n");
        AddHost asked = Objects.requireNonNull(node.lastHost);
        assertThat(asked.chapSecret()).isEqualTo("sixteen-chars-ab");
        assertThat(Files.readString(fresh).strip()).isEqualTo(asked.mutualSecret()).hasSize(16);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(fresh)))
                .isEqualTo("rw-------");
        String shown = out + err + node.asked;
        assertThat(ask("host", "list")).isZero();
        assertThat(out).contains("iqn.a:*", "10.0.0.0/8 fd00::/8", "0, 3", "mutual");
        assertThat(ask("host", "list", "--json")).isZero();
        assertThat(shown + out)
                .doesNotContain("sixteen-chars-ab")
                .doesNotContain(Objects.requireNonNull(asked.mutualSecret()));
        assertThat(ask("host", "add", "v", "iqn.b", "--new-chap-secret", fresh.toString()))
                .isEqualTo(2);
        assertThat(err).contains("exists already");
        assertThat(ask("host", "remove", "v", "iqn.a:*")).isZero();
        assertThat(node.asked.getLast()).isEqualTo("removeHost v iqn.a:*");
    }

    @Test
    void lunsAreMappedUnmappedAndGrown() {
        ask("volume", "create", "v", "--auto");
        assertThat(ask("lun", "map", "v", "3", "iqn.a")).isZero();
        assertThat(node.asked.getLast()).isEqualTo("mapLun v 3 iqn.a true");
        assertThat(out).isEqualTo("iqn.a sees LUNs 3\n");
        assertThat(ask("lun", "unmap", "v", "3", "iqn.a")).isZero();
        assertThat(out).isEqualTo("iqn.a sees no LUN yet\n");
        assertThat(ask("lun", "grow", "v", "3", "--size", "20g")).isZero();
        assertThat(node.asked.getLast()).isEqualTo("growLun v 3 21474836480");
        assertThat(ask("lun", "grow", "v", "3", "--size", "5")).isEqualTo(3);
        assertThat(err).contains("multiple of 4096");
        assertThat(ask("lun", "map", "none", "3", "iqn.a")).isEqualTo(3);
        assertThat(ask("lun", "explain", "v", "9")).isEqualTo(2);
        assertThat(err).contains("there is no LUN 9 of v");
    }

    @Test
    void snapshotsAreTakenListedClonedRestoredAndDeleted() {
        ask("volume", "create", "v", "--auto");
        assertThat(ask("snapshot", "create", "v", "s", "--lun", "0,3")).isZero();
        assertThat(out).isEqualTo("s is taken of LUNs 0, 3\n");
        assertThat(node.asked.getLast())
                .isEqualTo("takeSnapshot v TakeSnapshot[name=s, luns=[0, 3]]");
        assertThat(ask("snapshot", "list")).isZero();
        assertThat(out).contains("UNIQUE", "8 KiB", "1 MiB", "kept", "7");
        assertThat(ask("snapshot", "restore", "v", "3", "s", "--delete-newer")).isZero();
        assertThat(node.asked.getLast()).contains("v 3 s", "deleteNewer=true");
        assertThat(ask("snapshot", "clone", "v", "3", "s", "copy", "--read-only", "--number", "9"))
                .isZero();
        assertThat(out).isEqualTo("LUN 9 is made: iqn.2026-11.io.lockstep:v lun 9\n");
        assertThat(node.asked)
                .contains("cloneSnapshot v 3 s CloneSnapshot[number=9, name=copy, readOnly=true]");
        assertThat(ask("snapshot", "delete", "v", "3", "s")).isZero();
        assertThat(out).isEqualTo("snapshot s is deleted\n");
        assertThat(ask("snapshot", "schedule", "set", "v", "h", "--every", "1h", "--keep", "24"))
                .isZero();
        assertThat(node.asked.getLast()).contains("everySeconds=3600", "keep=24", "luns=[]");
        assertThat(ask("snapshot", "schedule", "list")).isZero();
        assertThat(out).contains("3600 s", "24", "all");
        assertThat(ask("snapshot", "schedule", "remove", "v", "h")).isZero();
        assertThat(ask("snapshot", "schedule", "set", "v", "h", "--every", "x", "--keep", "1"))
                .isEqualTo(2);
        assertThat(ask("lun", "delete", "v", "3", "--with-snapshots")).isZero();
        assertThat(node.asked.getLast()).isEqualTo("deleteLun v 3 all");
    }

    @Test
    void keysGoFromNodeToNodeInAFileOrWithThePair() throws Exception {
        node.keys.add("a2V5LW9uZQ==");
        Path file = directory.resolve("key");
        assertThat(ask("node", "key", "export", file.toString())).isZero();
        assertThat(out).doesNotContain("a2V5");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(ask("node", "key", "import", file.toString())).isZero();
        assertThat(node.keys).containsExactly("a2V5LW9uZQ==", "a2V5LW9uZQ==");
        ask("volume", "create", "v", "--auto");
        FakeNode mirror = new FakeNode();
        mirror.keys.add("a2V5LXR3bw==");
        String other = directory.resolve("mirror.sock").toString();
        try (var _ = AdminServer.onSocket(Path.of(other), mirror, new MetricRegistry())) {
            assertThat(ask("pair", "create", "v", "--peer-admin", other, "--peer", "h:1")).isZero();
        }
        assertThat(node.keys).contains("a2V5LXR3bw==");
        assertThat(mirror.keys).contains("a2V5LW9uZQ==");
        try (var tcp = AdminServer.onLoopback(0, mirror, new MetricRegistry())) {
            String url = "http://127.0.0.1:" + tcp.port();
            assertThat(plain("node", "key", "export", file + "2", "--node", url)).isEqualTo(3);
            assertThat(err).contains("not handed out over TCP", "Unix socket");
        }
    }

    @Test
    void statusShowsTheNodeAndItsVolumes() {
        ask("volume", "create", "v", "--auto");
        for (String[] command : new String[][] {{"status"}, {"node", "status"}}) {
            assertThat(ask(command)).isZero();
            assertThat(out).contains("node fake", "up 61 s", "serving", "3 GiB");
        }
        assertThat(ask("pair", "detach", "v")).isZero();
        assertThat(out).isEqualTo("v goes on alone\n");
    }

    @Test
    void disksOfAStoppedNodeAreCheckedAndThoseInUseAreNot() throws Exception {
        Path disk = Files.write(directory.resolve("disk0"), new byte[2 << 20]);
        Path file = directory.resolve("node.conf");
        Files.writeString(
                file,
                "name = a\ndata-dir = \"%1$s\"\ndisks = [\"%1$s/disk0\", \"%1$s/disk1\"]\n"
                        .formatted(directory));
        assertThat(plain("volume", "check", "-c", file.toString())).isEqualTo(1);
        assertThat(out).contains("disk1 cannot be opened");
        assertThat(plain("volume", "check", "-c", file.toString(), "v", "--json")).isEqualTo(1);
        assertThat(out).contains("\"clean\" : false", "no disk belongs to a volume v");
        Files.write(directory.resolve("disk1"), new byte[2 << 20]);
        assertThat(plain("volume", "check", "-c", file.toString())).isZero();
        try (var open = FileChannel.open(disk, StandardOpenOption.WRITE);
                var lock = open.lock()) {
            assertThat(lock.isValid()).isTrue();
            assertThat(plain("volume", "check", "-c", file.toString())).isEqualTo(3);
            assertThat(err).contains("in use", "stop the node first");
        }
    }

    @Test
    void scrubIsStartedStoppedAndShown() {
        assertThat(ask("volume", "scrub", "start", "v")).isZero();
        assertThat(out).isEqualTo("the scrub of v runs\n");
        assertThat(ask("volume", "scrub", "stop", "v")).isZero();
        assertThat(node.asked).endsWith("scrub v", "stop scrub v");
        assertThat(ask("volume", "scrub", "status", "v")).isZero();
        assertThat(out)
                .contains(
                        "scrub of v: running (stripes, 42%), pass 1",
                        "3 blocks made good", "2 blocks from the partner")
                .contains("lost VBNs: [77]", "VBN 105", "WRONG BLOCKS");
        assertThat(ask("volume", "scrub", "status", "v", "--json")).isZero();
        assertThat(out).contains("\"parityErrors\" : 1");
    }

    @Test
    void statusShowsTheFiguresOfEveryRoomAndWhatHappened() throws Exception {
        ask("volume", "create", "v", "--auto");
        metrics.timer("iscsi.read.time").update(1500, TimeUnit.MICROSECONDS);
        metrics.histogram("log.commit.entries").update(7);
        metrics.gauge("volume.v.commits", () -> () -> 3L);
        metrics.gauge("volume.v.last-cp-micros", () -> () -> 12_345L);
        metrics.meter("link.bytes-out").mark(2048);
        assertThat(ask("status")).isZero();
        assertThat(out)
                .contains("reads 1, p50 1500 us", "entries per commit 7.0, most 7")
                .contains("v: 3 consistency points, the last in 12.3 ms", "2 KiB out");
        String event = node.events().join().getLast().text();
        assertThat(out).contains(event);
        assertThat(ask("status", "--json")).isZero();
        var all = new ObjectMapper().readTree(out);
        assertThat(all.path("name").asText()).isEqualTo("fake");
        assertThat(all.path("metrics").path("volume.v.commits").asLong()).isEqualTo(3);
        assertThat(all.path("events").path(0).path("text").asText()).isNotEmpty();
    }

    @Test
    void aMirrorCopyIsDeletedOnlyWhenItIsCalledThat() {
        ask("volume", "create", "v", "--auto");
        assertThat(ask("volume", "delete", "v", "--mirror-copy")).isZero();
        assertThat(node.asked.getLast()).isEqualTo("deleteMirror v");
        assertThat(ask("volume", "delete", "v")).isZero();
        assertThat(node.asked.getLast()).isEqualTo("deleteVolume v");
    }

    @Test
    void aRefusedActionExitsNonZeroAndSaysWhatToDo() {
        assertThat(ask("volume", "delete", "none")).isEqualTo(ExitCode.REFUSED.code());
        assertThat(err.lines())
                .containsExactly(
                        "refused: there is no volume none", "what to do: see lockstep volume list");
        ask("volume", "create", "v", "--auto");
        assertThat(ask("takeover", "v", "--confirm-source-down")).isEqualTo(3);
        assertThat(err).contains("out of sync", "--accept-data-loss");
        assertThat(ask("takeover", "v", "--accept-data-loss")).isZero();
        assertThat(ask("switchover", "v")).isZero();
        assertThat(out).contains("hosts waited for 123.5 ms");
        assertThat(ask("activate", "v")).isEqualTo(3);
        assertThat(err).contains("a fault of the node", "see the node's log");
    }

    @Test
    void aWrongCommandLineIsAUsageError() {
        assertThat(ask("volume", "create", "v")).isEqualTo(3);
        assertThat(ask("lun", "create", "v", "l", "--size", "big")).isEqualTo(2);
        assertThat(err).contains("'big' is not a size");
        assertThat(ask("lun", "create", "v", "l")).isEqualTo(2);
        assertThat(ask("volum")).isEqualTo(2);
        assertThat(ask()).isEqualTo(2);
        assertThat(plain("bench", "http://x")).isEqualTo(2);
        assertThat(err).contains("iscsi://host:port/target-name/lun");
    }

    @Test
    void anAbsentNodeIsToldApart() {
        assertThat(plain("status", "--node", directory.resolve("none").toString())).isEqualTo(4);
        assertThat(err).contains("no node answers at", "--node ADDRESS");
    }

    @Test
    void aWrongConfigurationIsToldWithItsLine() throws Exception {
        Path file = Files.writeString(directory.resolve("node.conf"), "name = a\nnaem = b\n");
        assertThat(plain("node", "start", "-c", file.toString())).isEqualTo(78);
        assertThat(err).contains("node.conf:2: naem: no such key");
    }

    private int ask(String... command) {
        List<String> all = new ArrayList<>(Arrays.asList(command));
        if (command.length > 0) {
            all.addAll(List.of("--node", address));
        }
        return plain(all.toArray(String[]::new));
    }

    private int plain(String... command) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        CommandLine line = Lockstep.commandLine();
        line.setOut(new PrintWriter(outText, true)).setErr(new PrintWriter(errText, true));
        int code = line.execute(command);
        out = outText.toString();
        err = errText.toString();
        return code;
    }
}
