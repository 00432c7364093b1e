package lockstep.replication.link.netty;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.replication.trust.Invitation;
import lockstep.replication.trust.PairingCode;
import lockstep.replication.trust.PairingSession;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.PairingMessage;
import lockstep.replication.wire.PairingMessage.Accepted;
import lockstep.replication.wire.PairingMessage.Claim;

import org.junit.jupiter.api.Test;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLEngine;

/// Two nodes come to know each other's keys by a code, over real sockets; and a man in the middle
/// does not.
class PairingTest {
    private final PairingCode code = PairingCode.draw(new SecureRandom());

    private void invite(SocketNode node) throws Exception {
        node.call(
                () -> {
                    long untilNanos = node.loop.ticker().nanoTime() + 60_000_000_000L;
                    node.invitation = new Invitation(code, untilNanos);
                    return true;
                });
    }

    @Test
    void theCodePairsTwoNodesOnceAndThenTheyLink() throws Exception {
        try (SocketNode a = new SocketNode(1);
                SocketNode b = new SocketNode(2);
                SocketNode c = new SocketNode(3)) {
            assertThat(b.pair(a.address(), code)).contains("no code is given out");
            invite(a);
            assertThat(b.pair(a.address(), code)).isEqualTo("node1 " + a.key.fingerprint());
            assertThat(a.pins.keyOf(b.identity.uuid())).isEqualTo(b.key.fingerprint());
            assertThat(c.pair(a.address(), code)).contains("the code was used");
            assertThat(a.pins.keyOf(c.identity.uuid())).isNull();
            b.pin(a, a.key);
            a.expect(b);
            b.dial(a);
            b.awaitEvent("up");
        }
    }

    @Test
    void aWrongCodeIsRefusedAndAFewSpendTheRightOne() throws Exception {
        try (SocketNode a = new SocketNode(1);
                SocketNode b = new SocketNode(2)) {
            invite(a);
            PairingCode guess = PairingCode.draw(new SecureRandom());
            for (int i = 0; i < Invitation.TRIES; i++) {
                assertThat(b.pair(a.address(), guess)).contains("the code is wrong");
            }
            assertThat(b.pair(a.address(), code)).contains("tried too often");
            assertThat(a.pins.keys).isEmpty();
        }
    }

    /// Between a, who gave out the code, and b sits a man who has both connect to him. He hands b's
    /// proof on to a, and a's own claim back to b, and neither is taken.
    @Test
    void aManInTheMiddleIsNotPinnedByAnybody() throws Exception {
        try (SocketNode a = new SocketNode(1);
                SocketNode b = new SocketNode(2);
                SocketNode man = new SocketNode(6)) {
            invite(a);
            CompletableFuture<Claim> overheard = new CompletableFuture<>();
            InetSocketAddress target = a.address();
            man.desk =
                    (session, claim, answer) -> {
                        overheard.complete(claim);
                        answer.accept(new Accepted(forged(session)));
                    };
            assertThat(b.pair(man.address(), code))
                    .isEqualTo("whoever answers does not know the code");
            Claim stolen = overheard.get(20, TimeUnit.SECONDS);
            assertThat(stolen.node()).isEqualTo(b.identity);
            assertThat(relay(man, target, stolen))
                    .isEqualTo(new PairingMessage.Refused("the code is wrong"));
            assertThat(a.pins.keys).isEmpty();
            assertThat(b.pins.keys).isEmpty();
        }
    }

    private static Claim forged(PairingSession session) {
        PairingCode guess = Objects.requireNonNull(PairingCode.parse("0000000000000000"));
        return session.byListener(guess, Claim.of(new NodeIdentity(6, new UUID(9, 6), "x"), ""));
    }

    /// Sends the very bytes of `claim` to `target` on a connection of his own.
    private static PairingMessage relay(SocketNode man, InetSocketAddress target, Claim claim)
            throws Exception {
        SSLEngine engine =
                new TlsEngines(man.key).dialling(TlsEngines.PAIRING, (_, _) -> true).engine();
        try (RawTls connection = new RawTls(engine, target)) {
            connection.write(PairingMessage.encode(claim));
            return Objects.requireNonNull(
                    PairingMessage.decode(ByteBuffer.wrap(connection.readAll())));
        }
    }
}
