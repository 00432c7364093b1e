package lockstep.replication.link.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.epoll.Epoll;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.VolumeId;
import lockstep.replication.wire.FrameReader;
import lockstep.replication.wire.LinkMessage;
import lockstep.replication.wire.MessageCodec;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.VolumeMessage;
import lockstep.replication.wire.WireSamples;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;

/// Links over loopback, and what strangers can do to them: nothing (invariant 10).
class NettyLinkTest {
    private static final VolumeId VOLUME = new VolumeId(1, 2);

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bulkCrossesUnderBackPressureAndArrivesWhole(boolean epoll) throws Exception {
        assertThat(!epoll || Epoll.isAvailable()).isTrue();
        try (SocketNode a = new SocketNode(1, epoll, 1);
                SocketNode b = new SocketNode(2, epoll, 1)) {
            b.expect(a);
            a.dial(b);
            a.awaitEvent("up");
            b.awaitEvent("up");
            a.awaitEvent("lease");
            Pump pump = new Pump(a, 10_000);
            a.whenWritable(pump);
            a.call(pump::start);
            a.awaitEvent("writable");
            b.awaitEvent("end");
            assertThat(pump.mostQueuedBytes())
                    .isBetween(4L << 20, (4L << 20) + 2 * (Blocks.SIZE + 100));
        }
    }

    @Test
    void twoNodesThatDialEachOtherGetOneLink() throws Exception {
        try (SocketNode a = new SocketNode(1, true, 1);
                SocketNode b = new SocketNode(2, true, 1)) {
            a.dial(b);
            b.dial(a);
            a.awaitEvent("up");
            b.awaitEvent("up");
            a.call(() -> send(a, "ping"));
            b.awaitEvent("ping");
            b.call(() -> send(b, "pong"));
            a.awaitEvent("pong");
        }
    }

    @Test
    void aLinkThatItsPeerClosesIsMadeAgain() throws Exception {
        try (SocketNode a = new SocketNode(1, true, 1);
                SocketNode b = new SocketNode(2, true, 1)) {
            b.expect(a);
            a.dial(b);
            a.awaitEvent("up");
            b.awaitEvent("up");
            b.call(
                    () -> {
                        Objects.requireNonNull(b.link).close("a test");
                        return true;
                    });
            a.awaitEvent("lost");
            a.awaitEvent("up");
            b.awaitEvent("up");
        }
    }

    @Test
    void strangersAreClosedAndNobodyElseNotices() throws Exception {
        try (SocketNode a = new SocketNode(1, true, 1);
                SocketNode b = new SocketNode(2, true, 1)) {
            b.expect(a);
            a.dial(b);
            a.awaitEvent("up");
            b.awaitEvent("up");
            for (byte[] garbage : garbage()) {
                assertThat(answerTo(b, garbage)).isEmpty();
            }
            // A good Hello of an unknown node is answered, with a refusal.
            assertThat(answerTo(b, helloOfStranger())).isNotEmpty();
            a.call(() -> send(a, "still here"));
            b.awaitEvent("still here");
            assertThat(a.events).doesNotContain("lost");
            assertThat(b.events).doesNotContain("lost");
        }
    }

    @Test
    void garbageAfterAGoodHelloCostsTheLink() throws Exception {
        try (SocketNode a = new SocketNode(1, true, 1);
                SocketNode b = new SocketNode(2, true, 1)) {
            b.expect(a);
            ByteBuffer hello =
                    MessageCodec.encode(MessageCodec.LINK, WireSamples.hello(a.identity, 1));
            byte[] bytes = new byte[hello.remaining() + 100];
            hello.get(bytes, 0, hello.remaining());
            // Whole hello, then a hundred zeros, whose header checksum is wrong.
            answerTo(b, bytes);
            b.awaitEvent("up");
            b.awaitEvent("lost");
        }
    }

    @Test
    void silentStrangersAreLimitedAndClearedAway() throws Exception {
        try (SocketNode a = new SocketNode(1, true, 1);
                SocketNode b = new SocketNode(2, true, 1)) {
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 80; i++) {
                sockets.add(open(b));
            }
            for (Socket socket : sockets) {
                assertThat(readAll(socket)).isEmpty();
                socket.close();
            }
            b.expect(a);
            a.dial(b);
            a.awaitEvent("up");
            b.awaitEvent("up");
        }
    }

    /// The peer does not read while megabytes wait for it: what is asked then does not come last.
    @Test
    void aHeartbeatGoesPastBulkThatWaits() throws Exception {
        try (SocketNode a = new SocketNode(1, true, 1);
                SocketNode b = new SocketNode(2, true, 1);
                Socket socket = new Socket()) {
            b.expect(a);
            socket.setReceiveBufferSize(64 << 10);
            socket.setSoTimeout(20_000);
            socket.connect(b.address());
            LinkMessage.Hello hello = WireSamples.hello(a.identity, 1);
            socket.getOutputStream().write(bytes(MessageCodec.encode(MessageCodec.LINK, hello)));
            b.awaitEvent("up");
            Pump pump = new Pump(b, 3_000);
            b.call(pump::start);
            int last = pump.sent() - 1;
            assertThat(Blocks.toBytes(last)).isGreaterThan(3L << 20);
            long asked = b.call(() -> askNow(b));
            assertThat(heartbeatComesBeforeBlock(last, asked, socket.getInputStream())).isTrue();
        }
    }

    private static long askNow(SocketNode node) {
        long nowNanos = System.nanoTime();
        Objects.requireNonNull(node.link).whenAnswered(() -> {});
        return nowNanos;
    }

    private static boolean heartbeatComesBeforeBlock(long block, long sentNanos, InputStream in)
            throws IOException {
        FrameReader reader = FrameReader.afterHandshake();
        ByteBuffer read = ByteBuffer.allocate(64 << 10);
        boolean heard = false;
        while (true) {
            int bytes = in.read(read.array(), read.position(), read.remaining());
            assertThat(bytes).as("bytes before block %d", block).isPositive();
            read.position(read.position() + bytes).flip();
            for (FrameReader.Frame frame = reader.next(read);
                    frame != null;
                    frame = reader.next(read)) {
                if (frame.message() instanceof LinkMessage.Heartbeat(long sent)) {
                    heard |= sent - sentNanos >= 0;
                }
                if (frame.message() instanceof VolumeMessage.CpData data
                        && data.runs().getFirst().vbn() == block) {
                    return heard;
                }
            }
            read.compact();
        }
    }

    @Test
    void aRefusedDialIsTriedAgain() throws Exception {
        try (SocketNode a = new SocketNode(1, true, 1);
                SocketNode b = new SocketNode(2, true, 1)) {
            a.dial(b);
            // b does not know a yet and refuses; later it does.
            while (!a.call(() -> a.hub.keepers().getFirst().lastProblem())
                    .contains("UNKNOWN_NODE")) {
                Thread.onSpinWait();
            }
            b.expect(a);
            a.awaitEvent("up");
        }
    }

    private static boolean send(SocketNode node, String text) {
        Objects.requireNonNull(node.link).send(VOLUME, new VolumeMessage.Fault(text));
        return true;
    }

    private static List<byte[]> garbage() {
        List<byte[]> all = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 20; i++) {
            byte[] noise = new byte[32 + random.nextInt(5000)];
            random.nextBytes(noise);
            all.add(noise);
        }
        all.add("GET / HTTP/1.1\r\nHost: lockstep\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        all.add(new byte[10]);
        byte[] hello = helloOfStranger();
        all.add(Arrays.copyOf(hello, hello.length - 1));
        all.add(bytes(MessageCodec.encode(VOLUME, new VolumeMessage.VolumeUnknown())));
        all.add(bytes(MessageCodec.encode(MessageCodec.LINK, new LinkMessage.Heartbeat(1))));
        return all;
    }

    private static byte[] helloOfStranger() {
        var node = new NodeIdentity(77, new UUID(7, 7), "x");
        return bytes(MessageCodec.encode(MessageCodec.LINK, WireSamples.hello(node, 1)));
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static Socket open(SocketNode node) throws Exception {
        Socket socket = new Socket(node.address().getAddress(), node.address().getPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    /// Sends `bytes` and gives everything that comes back until the node closes the connection.
    private static byte[] answerTo(SocketNode node, byte[] bytes) throws Exception {
        try (Socket socket = open(node)) {
            socket.getOutputStream().write(bytes);
            return readAll(socket);
        }
    }

    private static byte[] readAll(Socket socket) {
        try (InputStream in = socket.getInputStream()) {
            return in.readAllBytes();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the node did not close the connection", e);
        } catch (IOException _) {
            // A reset is as good an end as a close.
            return new byte[0];
        }
    }
}
