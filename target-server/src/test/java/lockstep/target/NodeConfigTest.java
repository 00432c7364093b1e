package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.target.iscsi.login.Caps;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

final class NodeConfigTest {
    @TempDir Path directory;

    @Test
    void theExampleIsRightAndSaysWhatItSays() throws Exception {
        NodeConfig config = NodeConfig.load(Path.of("../conf/node.example.conf"));
        assertThat(config.name()).isEqualTo("alpha");
        assertThat(config.disks()).containsExactly("/dev/disk/by-id/scsi-lockstep-*");
        assertThat(config.iscsi().portals().getFirst().listen().getPort()).isEqualTo(3260);
        assertThat(config.replication().listen().orElseThrow().getPort()).isEqualTo(7801);
        assertThat(config.admin())
                .isEqualTo(new NodeConfig.Admin.Socket(Path.of("/var/lib/lockstep/admin.sock")));
    }

    @Test
    void whatTheFileLeavesOutHasItsDefault() throws Exception {
        NodeConfig config = NodeConfig.load(file("name = a\ndata-dir = /d"));
        assertThat(config.log().path()).isEqualTo(Path.of("/d/nvlog"));
        assertThat(config.log().mode()).isEqualTo(NodeConfig.LogMode.DSYNC);
        assertThat(config.log().secondPath()).isEmpty();
        assertThat(config.log().halfBytes()).isZero();
        assertThat(config.cpInterval()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.cacheBytes()).isEqualTo(256 << 20);
        assertThat(config.replication())
                .isEqualTo(
                        new NodeConfig.Replication(
                                Optional.empty(),
                                false,
                                Duration.ofSeconds(3),
                                Duration.ofMillis(150),
                                Duration.ofMillis(800)));
        assertThat(config.threads()).isEqualTo(1);
        assertThat(config.faultInjection()).isFalse();
        assertThat(config.diskCare())
                .isEqualTo(
                        new NodeConfig.DiskCare(
                                200 << 20, Duration.ofMillis(500), Duration.ofSeconds(10)));
        assertThat(config.iscsi().allowUnauthenticated()).isFalse();
        assertThat(config.iscsi().chapMd5()).isFalse();
        assertThat(config.iscsi().caps()).isEqualTo(Caps.Limits.DEFAULT);
    }

    @Test
    void loopbackTcpIsAnAdminAddressAndOtherTcpIsNot() throws Exception {
        String start = "name = a\ndata-dir = /d\n";
        NodeConfig config =
                NodeConfig.load(file(start + "admin.socket = \"http://127.0.0.1:7800\""));
        assertThat(config.admin()).isEqualTo(new NodeConfig.Admin.Loopback(7800));
        assertThatThrownBy(
                        () ->
                                NodeConfig.load(
                                        file(start + "admin.socket=\"http://10.0.0.1:7800\"")))
                .hasMessageContaining("node.conf:3: admin.socket: TCP is for 127.0.0.1 only");
    }

    @Test
    void portalsAreIpv4AndIpv6AndMayBeKnownByOtherAddresses() throws Exception {
        String portals =
                "iscsi.portals = [\"127.0.0.1:1\", \"[::1]:2\","
                        + " { listen = \"10.0.0.1:3\", advertise = \"203.0.113.1:4\" }]";
        List<NodeConfig.PortalAddress> read =
                NodeConfig.load(file("name = a\ndata-dir = /d\n" + portals)).iscsi().portals();
        assertThat(read).hasSize(3);
        assertThat(read.get(1).listen().getHostString()).isEqualTo("::1");
        assertThat(read.get(1).advertise()).isEmpty();
        assertThat(read.get(2).listen().getPort()).isEqualTo(3);
        assertThat(read.get(2).advertise().orElseThrow().getHostString()).isEqualTo("203.0.113.1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "log.segmnt = 1 MiB | node.conf:3: log.segmnt: no such key; known are log.acc",
                "naem = b | node.conf:3: naem: no such key; known are cache-size, data-dir",
                "replication.loss = 400 ms | node.conf:3: replication.loss: a link lives for three",
                "replication.plaintext = 1 | node.conf:3: replication.plaintext",
                "log.mirrors-percent = 95 | node.conf:3: log.mirrors-percent: 95 is not in 1..90",
                "log { size = many } | node.conf:3: log.size: Invalid value at 'log.size'",
                "log.size = 5000 | node.conf:3: log.size: 5000 bytes: at least",
                "log.segment = 1 GiB | node.conf:3: log.segment: the log must hold at least four",
                "log.mode = fast | node.conf:3: log.mode: 'fast' is not one of [dsync, fsync]",
                "log.second-path = nvlog | node.conf:3: log.second-path: a copy on the same device",
                "threads = 0 | node.conf:3: threads: 0 is not in 1..256",
                "threads = [] | node.conf:3: threads: threads has type LIST rather than NUMBER",
                "replication.listen = here | node.conf:3: replication.listen: 'here' is not an",
                "iscsi.portals = [\"a:b\"] | node.conf:3: iscsi.portals: 'a:b' is not an address",
                "iscsi.portals = [{listen = x}] | node.conf:3: iscsi.portals: a portal is",
                "iscsi.chap-md5 = maybe | node.conf:3: iscsi.chap-md5",
                "consistency-points.interval = 1 ms | consistency-points.interval: 1 ms: at least",
                "iscsi.target-prefix = x | node.conf:3: iscsi.target-prefix: 'x' is not like",
                "log { | node.conf:",
            })
    void aWrongValueIsToldWithFileLineAndKey(String line, String message) {
        assertThatThrownBy(() -> NodeConfig.load(file("name = a\ndata-dir = /d\n" + line)))
                .isInstanceOf(ConfigError.class)
                .hasMessageContaining(message);
    }

    @Test
    void whatIsRequiredAndMissingIsNamed() {
        assertThatThrownBy(() -> NodeConfig.load(file("name = a")))
                .hasMessageContaining("data-dir: is required and missing");
        assertThatThrownBy(() -> NodeConfig.load(directory.resolve("none")))
                .hasMessageContaining("there is no such file");
    }

    private Path file(String text) throws Exception {
        return Files.writeString(directory.resolve("node.conf"), text);
    }
}
