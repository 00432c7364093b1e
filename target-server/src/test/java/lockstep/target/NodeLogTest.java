package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;

import io.netty.channel.EventLoopGroup;

import lockstep.blockstore.log.NvLog;
import lockstep.target.runtime.NettyEventLoop;
import lockstep.target.runtime.NettyLoops;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The log's files as a node finds them when it starts.
class NodeLogTest {
    private final EventLoopGroup group = NettyLoops.group(1);
    private final NettyEventLoop loop = new NettyEventLoop(group.next(), _ -> {});
    private final NodeEvents events = new NodeEvents();

    @TempDir Path directory;

    @AfterEach
    void stop() {
        var _ = group.shutdownGracefully();
    }

    private List<NvLog.CopyState> open(String second, boolean acceptOne) throws IOException {
        Optional<Path> path =
                second.isEmpty() ? Optional.empty() : Optional.of(directory.resolve(second));
        NodeConfig.Log config =
                new NodeConfig.Log(
                        directory.resolve("a"),
                        path,
                        acceptOne,
                        4 << 20,
                        64 << 10,
                        NodeConfig.LogMode.FSYNC,
                        1 << 20,
                        50);
        NvLog log = whenFree(config);
        List<NvLog.CopyState> devices = log.devices();
        log.close();
        return devices;
    }

    /// Devices are closed by threads of their own.
    private NvLog whenFree(NodeConfig.Log config) throws IOException {
        while (true) {
            try {
                MetricRegistry metrics = new MetricRegistry();
                return NodeLog.open(config, loop, () -> 77, metrics, events, device -> device);
            } catch (IOException e) {
                if (!String.valueOf(e.getMessage()).contains("in use")) {
                    throw e;
                }
                Thread.onSpinWait();
            }
        }
    }

    private static List<String> states(List<NvLog.CopyState> devices) {
        return devices.stream().map(NvLog.CopyState::state).toList();
    }

    @Test
    void aSecondCopyIsMadeBesideANewLogAndBesideAnOldOne() throws IOException {
        assertThat(states(open("", false))).containsExactly("");
        assertThat(states(open("b", false))).containsExactly("", "");
        assertThat(Files.size(directory.resolve("b"))).isEqualTo(4 << 20);
        assertThat(states(open("b", false))).containsExactly("", "");
    }

    @Test
    void aCopyWithoutTheOtherNeedsTheOperatorsWord() throws IOException {
        assertThat(states(open("b", false))).containsExactly("", "");
        Files.delete(directory.resolve("b"));
        assertThatThrownBy(() -> open("b", false)).hasMessageContaining("accept-one-copy");
        assertThat(states(open("b", true))).containsExactly("", "");
        Files.delete(directory.resolve("a"));
        assertThatThrownBy(() -> open("b", false)).hasMessageContaining("accept-one-copy");
        assertThat(states(open("b", true))).containsExactly("", "");
    }
}
