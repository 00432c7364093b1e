package lockstep.replication.link.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;

import lockstep.replication.trust.NodeKey;
import lockstep.replication.trust.PairingDesk;
import lockstep.replication.trust.Pins;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.UUID;

/// Who gets a link over TLS, and who none, whatever he tries.
@DisplayName("The link: both sides authenticated, bulk under back-pressure")
class LinkSecurityTest {
    @Test
    void pinnedPeersGetALinkThatCarriesBulkUnderBackPressure() throws Exception {
        try (SocketNode a = new SocketNode(1);
                SocketNode b = new SocketNode(2)) {
            a.pin(b, b.key);
            b.pin(a, a.key);
            b.expect(a);
            a.dial(b);
            a.awaitEvent("up");
            b.awaitEvent("up");
            Pump pump = new Pump(a, 5_000);
            a.whenWritable(pump);
            a.call(pump::start);
            a.awaitEvent("writable");
            b.awaitEvent("end");
            // A turn sends at most what it may have unflushed beyond the mark, and what TLS adds.
            assertThat(pump.mostQueuedBytes()).isBetween(4L << 20, 5L << 20);
        }
    }

    @Test
    void aKeyThatIsNotPinnedIsRefusedByEitherSide() throws Exception {
        try (SocketNode a = new SocketNode(1);
                SocketNode b = new SocketNode(2)) {
            a.pin(b, b.key);
            b.pin(a, NodeKey.make(a.identity.uuid(), new SecureRandom()));
            b.expect(a);
            a.dial(b);
            a.awaitProblem("certificate_unknown");
            assertThat(b.events).isEmpty();
            b.pin(a, a.key);
            a.awaitEvent("up");
        }
        try (SocketNode a = new SocketNode(1);
                SocketNode b = new SocketNode(2)) {
            a.pin(b, NodeKey.make(b.identity.uuid(), new SecureRandom()));
            b.pin(a, a.key);
            b.expect(a);
            a.dial(b);
            a.awaitProblem("TLS: key " + b.key.fingerprint() + " is not pinned here");
            assertThat(b.events).isEmpty();
        }
    }

    /// A peer that is trusted may not speak for another one.
    @Test
    void anotherPeersKeyDoesNotDo() throws Exception {
        try (SocketNode b = new SocketNode(2);
                SocketNode impostor = new SocketNode(1)) {
            b.pins.keys.put(
                    impostor.identity.uuid(),
                    NodeKey.make(impostor.identity.uuid(), new SecureRandom()).fingerprint());
            b.pins.keys.put(new UUID(9, 3), impostor.key.fingerprint());
            impostor.pin(b, b.key);
            b.expect(impostor);
            impostor.dial(b);
            impostor.awaitProblem("UNPROVEN");
            assertThat(b.events).isEmpty();
        }
    }

    @Test
    void aPinnedPeerIsNotHeardInPlaintext() throws Exception {
        try (SocketNode a = new SocketNode(1);
                SocketNode b = new SocketNode(2)) {
            // a knows of no key and dials in plaintext, which loopback alone would allow.
            b.pin(a, a.key);
            b.expect(a);
            a.dial(b);
            a.awaitProblem("UNPROVEN");
            assertThat(b.events).isEmpty();
        }
        try (SocketNode a = new SocketNode(1);
                SocketNode b = new SocketNode(2)) {
            // And a that expects TLS takes no answer in plaintext from b, who knows of no key.
            a.pin(b, b.key);
            b.expect(a);
            a.dial(b);
            a.awaitProblem("certificate_unknown");
            assertThat(b.events).isEmpty();
        }
    }

    @Test
    void plaintextStaysOnThisMachineUnlessTheFileSaysSo() throws Exception {
        InetAddress other = InetAddress.getByAddress(new byte[] {10, 0, 0, 1});
        InetSocketAddress far = new InetSocketAddress(other, 7801);
        InetSocketAddress near = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7801);
        UUID peer = new UUID(9, 9);
        for (boolean anywhere : new boolean[] {false, true}) {
            TestPins pins = new TestPins();
            LinkSecurity security = security(pins, anywhere);
            assertThat(security.allows(peer, near)).isTrue();
            assertThat(security.allows(peer, far)).isEqualTo(anywhere);
            // The address of an embedded channel is on no network at all.
            EmbeddedChannel channel = new EmbeddedChannel(false, false);
            NettyConnection connection = new NettyConnection(channel, pins, () -> {});
            channel.pipeline().addLast(new FirstByte(security, connection), connection);
            channel.register();
            connection.handler(new NoHandler());
            channel.writeInbound(Unpooled.wrappedBuffer(new byte[10]));
            channel.runPendingTasks();
            assertThat(channel.isOpen()).isEqualTo(anywhere);
            channel.close();
            pins.keys.put(peer, NodeKey.make(peer, new SecureRandom()).fingerprint());
            assertThat(security.allows(peer, far)).isTrue();
        }
    }

    private static LinkSecurity security(Pins pins, boolean anywhere) {
        NodeKey key = NodeKey.make(new UUID(9, 1), new SecureRandom());
        return new LinkSecurity(key, pins, PairingDesk.CLOSED, anywhere, _ -> {});
    }
}
