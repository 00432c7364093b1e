package lockstep.replication.link.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;

import lockstep.replication.trust.Fingerprint;
import lockstep.replication.trust.NodeKey;
import lockstep.replication.trust.PairingDesk;
import lockstep.replication.trust.Pins;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.UUID;
import java.util.function.Consumer;

/// What stands between the socket and the messages of a link.
///
/// | | key pinned for the peer | none pinned |
/// |---|---|---|
/// | on loopback | TLS | plaintext |
/// | elsewhere | TLS | nothing, or plaintext where the node's file asks for it |
///
/// TLS is version 1.3, both ends show their keys, and a link needs exactly the pinned one. A peer
/// with a pinned key is never spoken to in plaintext: who could make a node forget TLS by not
/// speaking it, would need no key.
public final class LinkSecurity {
    private final TlsEngines tls;
    private final Pins pins;
    private final PairingDesk desk;
    private final boolean plaintextAnywhere;
    private final Consumer<ChannelPipeline> tap;

    /// `tap` may add handlers next to the socket that look at bytes as they pass.
    public LinkSecurity(
            NodeKey key,
            Pins pins,
            PairingDesk desk,
            boolean plaintextAnywhere,
            Consumer<ChannelPipeline> tap) {
        this.tls = new TlsEngines(key);
        this.pins = pins;
        this.desk = desk;
        this.plaintextAnywhere = plaintextAnywhere;
        this.tap = tap;
    }

    Pins pins() {
        return pins;
    }

    PairingDesk desk() {
        return desk;
    }

    TlsEngines tls() {
        return tls;
    }

    /// Whether bytes as they are may come from, or go to, `address`.
    boolean takesPlaintext(@Nullable SocketAddress address) {
        return plaintextAnywhere
                || (address instanceof InetSocketAddress internet
                        && internet.getAddress() != null
                        && internet.getAddress().isLoopbackAddress());
    }

    /// Whether links between this node and `peer` at `address` can come up as things are.
    public boolean allows(UUID peer, InetSocketAddress address) {
        return pins.keyOf(peer) != null || takesPlaintext(address);
    }

    /// Sets up the empty pipeline of a connection that is being dialled to `peer`.
    void dialling(UUID peer, Channel channel, NettyConnection connection) {
        ChannelPipeline pipeline = channel.pipeline();
        tap.accept(pipeline);
        Fingerprint pinned = pins.keyOf(peer);
        if (pinned != null) {
            SslHandler handler = tls.dialling(TlsEngines.LINK, (key, _) -> key.equals(pinned));
            pipeline.addLast(handler, new LinkGate(this, handler, connection));
        }
        pipeline.addLast(connection);
    }

    /// Sets up the empty pipeline of a connection that was accepted.
    void accepted(Channel channel, NettyConnection connection) {
        tap.accept(channel.pipeline());
        channel.pipeline().addLast(new FirstByte(this, connection), connection);
    }

    /// The accepting end: for a link only known keys come through, for pairing any.
    SslHandler accepting() {
        return tls.accepting(
                (key, protocol) -> protocol.equals(TlsEngines.PAIRING) || pins.knows(key));
    }
}
