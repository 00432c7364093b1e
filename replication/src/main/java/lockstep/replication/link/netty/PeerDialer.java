package lockstep.replication.link.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;

import lockstep.replication.link.Dialer;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.util.UUID;

/// Dials one address over TCP.
public final class PeerDialer implements Dialer {
    private final EventLoop loop;
    private final UUID peer;
    private final InetSocketAddress address;
    private final LinkSecurity security;
    private final int connectMillis;

    /// Dials node `peer` at `address`. Connections live on `loop`; give a numeric address, for
    /// looking a name up blocks the loop.
    public PeerDialer(
            EventLoop loop,
            UUID peer,
            InetSocketAddress address,
            LinkSecurity security,
            int connectMillis) {
        this.loop = loop;
        this.peer = peer;
        this.address = address;
        this.security = security;
        this.connectMillis = connectMillis;
    }

    @Override
    public String address() {
        return address.toString();
    }

    @Override
    public Attempt dial(Result result) {
        if (!security.allows(peer, address)) {
            Refused refused = new Refused(result);
            loop.execute(refused);
            return refused;
        }
        Dial dial = new Dial(result);
        ChannelFuture connecting =
                new Bootstrap()
                        .group(loop)
                        .channel(SocketTypes.client(loop))
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, connectMillis)
                        .handler(dial)
                        .connect(address);
        connecting.addListener(_ -> dial.ended(connecting));
        dial.connecting = connecting;
        return dial;
    }

    /// An attempt that is not made.
    private static final class Refused implements Attempt, Runnable {
        private final Result result;
        private boolean cancelled;

        Refused(Result result) {
            this.result = result;
        }

        @Override
        public void run() {
            if (!cancelled) {
                result.failed(
                        "no key of the peer is pinned here, and the link would leave this machine:"
                            + " `lockstep pair invite` on one node, `pair accept` on the other");
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    /// One attempt; also sets up the pipeline of its channel.
    private final class Dial extends ChannelInitializer<Channel> implements Attempt {
        private final Result result;
        private @Nullable NettyConnection connection;
        private @Nullable ChannelFuture connecting;
        private boolean cancelled;

        Dial(Result result) {
            this.result = result;
        }

        @Override
        protected void initChannel(Channel channel) {
            SocketTypes.connectionOptions(loop, channel);
            NettyConnection made = new NettyConnection(channel, security.pins(), () -> {});
            connection = made;
            security.dialling(peer, channel, made);
        }

        void ended(ChannelFuture future) {
            if (future.isSuccess() && connection != null) {
                NettyConnection opened = connection;
                if (cancelled) {
                    opened.close("the dial was given up");
                } else {
                    result.opened(opened);
                }
            } else {
                String reason = String.valueOf(future.cause());
                // A failure may come before dial() has returned; its news may not.
                loop.execute(() -> failed(reason));
            }
        }

        private void failed(String reason) {
            if (!cancelled) {
                result.failed(reason);
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            if (connecting != null) {
                connecting.channel().close();
            }
        }
    }
}
