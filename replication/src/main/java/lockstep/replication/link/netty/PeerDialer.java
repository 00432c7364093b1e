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

/// Dials one address over TCP.
public final class PeerDialer implements Dialer {
    private final EventLoop loop;
    private final InetSocketAddress address;
    private final LinkSecurity security;
    private final int connectMillis;

    /// Connections live on `loop`; give a numeric address, for looking a name up blocks the loop.
    public PeerDialer(
            EventLoop loop, InetSocketAddress address, LinkSecurity security, int connectMillis) {
        this.loop = loop;
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
            security.secure(channel.pipeline(), true);
            connection = new NettyConnection(channel, () -> {});
            channel.pipeline().addLast(connection);
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
