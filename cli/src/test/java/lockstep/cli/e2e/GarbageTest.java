package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.verify.Verification;
import lockstep.target.admin.model.PairView;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Strangers at both ports of both nodes while hosts work.
final class GarbageTest {
    private static final int SECTORS = 8 * 2048;
    private static final int BHS = 48;

    @TempDir Path directory;

    /// Invariant 10 from outside.
    @Test
    void strangersAreDroppedAndDisturbNobody() throws Exception {
        try (LoopbackPair pair = TestPair.started(directory, 48, 8, TestPair.steady(64, 8, 16));
                StampedHosts hosts = new StampedHosts(SECTORS, 2, 8, 3)) {
            ChildNode source = pair.first();
            hosts.start(LoopbackPair.url(source, 0));
            List<Socket> silent = new ArrayList<>();
            SplittableRandom random = new SplittableRandom(11);
            for (int round = 0; round < 10; round++) {
                for (int port : ports(pair)) {
                    strangers(port, random, silent);
                }
            }
            TestPair.awaitWrites(hosts, hosts.counts().acked() + 50);
            StampedHosts.Seen seen = hosts.stop();
            Verification.Report report = hosts.verify(LoopbackPair.url(source, 0));
            System.out.println("garbage: " + seen + "; " + report);
            assertThat(report.isClean()).as(report.toString()).isTrue();
            assertThat(seen.writes()).isPositive();
            assertThat(seen.failed() + seen.refused() + seen.wrongReads()).isZero();
            assertThat(source.admin().list("/pairs", PairView.class).getFirst().linkUp()).isTrue();
            for (Socket socket : silent) {
                socket.close();
            }
        }
        for (String node : List.of("alpha", "beta")) {
            String log = Files.readString(directory.resolve(node).resolve("node.log"));
            assertThat(log).doesNotContain("LEAK:").contains("serves hosts");
        }
    }

    private static List<Integer> ports(LoopbackPair pair) {
        return List.of(
                pair.first().plan().iscsiPort(),
                pair.first().plan().replicationPort(),
                pair.second().plan().iscsiPort(),
                pair.second().plan().replicationPort());
    }

    private static void strangers(int port, SplittableRandom random, List<Socket> silent)
            throws IOException {
        byte[] noise = new byte[100_000];
        random.nextBytes(noise);
        // Not a possible opcode, so that it is never the start of something that could go on.
        noise[0] = (byte) 0xFF;
        say(port, noise);
        // Every length at its most, in whatever place the protocol has one.
        byte[] huge = new byte[BHS];
        Arrays.fill(huge, (byte) 0x7F);
        say(port, huge);
        byte[] login = new byte[BHS];
        login[0] = 0x43;
        Arrays.fill(login, 4, 8, (byte) 0xFF);
        say(port, login);
        Socket half = new Socket(InetAddress.getLoopbackAddress(), port);
        half.getOutputStream().write(new byte[] {0x43, (byte) 0x87, 0, 0, 0, 0});
        silent.add(half);
        silent.add(new Socket(InetAddress.getLoopbackAddress(), port));
        Socket gone = new Socket(InetAddress.getLoopbackAddress(), port);
        gone.setSoLinger(true, 0);
        gone.close();
    }

    /// Says something and goes; being cut off in the middle is as good.
    private static void say(int port, byte[] bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(bytes);
        } catch (java.net.SocketException dropped) {
            assertThat(dropped.getMessage()).isNotEmpty();
        }
    }
}
