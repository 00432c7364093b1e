package lockstep.replication.link.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;

import lockstep.replication.link.Connection;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetSocketAddress;
import java.util.function.Consumer;

/// Accepts the dials of peers and hands them on, to the hub. Of connections that have not said
/// anything yet it holds a small number only, and the hub's handshake timer clears them away.
public final class PeerListener {
    private static final Logger LOG = LoggerFactory.getLogger(PeerListener.class);
    private static final int MAX_STRANGERS = 64;

    private final EventLoop loop;
    private final Consumer<Connection> accepted;
    private final LinkSecurity security;
    private @Nullable Channel listening;
    private int strangers;
    private boolean closed;

    /// Connections live on `loop`, the core loop, where `accepted` takes them:
    /// [lockstep.replication.link.LinkHub#accepted], or what stands in front of it.
    public PeerListener(EventLoop loop, Consumer<Connection> accepted, LinkSecurity security) {
        this.loop = loop;
        this.accepted = accepted;
        this.security = security;
    }

    /// Begins to listen; `bound` gets null, or why it could not.
    public void listen(InetSocketAddress address, Consumer<@Nullable Throwable> bound) {
        ServerBootstrap bootstrap =
                new ServerBootstrap()
                        .group(loop, loop)
                        .channel(SocketTypes.server(loop))
                        .childHandler(new Door());
        SocketTypes.listenerOptions(bootstrap);
        ChannelFuture binding = bootstrap.bind(address);
        binding.addListener(_ -> loop.execute(() -> ended(binding, bound)));
    }

    private void ended(ChannelFuture binding, Consumer<@Nullable Throwable> bound) {
        if (binding.isSuccess()) {
            listening = binding.channel();
            if (closed) {
                listening.close();
            }
        }
        bound.accept(binding.cause());
    }

    /// Where it listens, with the port that was given for port 0; null while it does not.
    public @Nullable InetSocketAddress address() {
        return listening == null ? null : (InetSocketAddress) listening.localAddress();
    }

    /// Takes no more connections; those that are there go on.
    public void close() {
        closed = true;
        if (listening != null) {
            listening.close();
        }
    }

    /// Sets up each accepted connection.
    private final class Door extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            if (strangers >= MAX_STRANGERS) {
                LOG.warn("refused {}: too many silent connections", channel.remoteAddress());
                channel.close();
                return;
            }
            strangers++;
            SocketTypes.connectionOptions(loop, channel);
            NettyConnection connection =
                    new NettyConnection(channel, security.pins(), () -> strangers--);
            security.accepted(channel, connection);
            accepted.accept(connection);
        }
    }
}
