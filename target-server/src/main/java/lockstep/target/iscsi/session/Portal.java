package lockstep.target.iscsi.session;

import com.codahale.metrics.MetricRegistry;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;

import lockstep.blockstore.io.EventLoop;
import lockstep.target.iscsi.login.Doors;
import lockstep.target.iscsi.login.IscsiSettings;
import lockstep.target.iscsi.login.LoginPhase;
import lockstep.target.iscsi.login.TargetCatalog;
import lockstep.target.iscsi.pdu.PduDecoder;
import lockstep.target.runtime.NettyLoops;

import java.net.InetSocketAddress;

/// A listening address. Connections run on `connections`; sessions and targets on `loop`. If
/// `connections` is that loop's own (the default deployment), no command changes threads.
public final class Portal implements AutoCloseable {
    private static final WriteBufferWaterMark WATER_MARK =
            new WriteBufferWaterMark(1 << 20, 4 << 20);

    private final Channel listening;
    private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Connection.Shared shared;

    /// Listens at `address`; port 0 takes a free one. `sessions` and `doors` are one for all
    /// portals of a node, so that an initiator can reinstate its session through another portal.
    /// Not called on a loop of `connections`; throws if the address cannot be bound.
    public Portal(
            EventLoopGroup connections,
            EventLoop loop,
            InetSocketAddress address,
            TargetCatalog catalog,
            Doors doors,
            SessionTable sessions,
            IscsiSettings settings,
            MetricRegistry registry) {
        this.shared =
                new Connection.Shared(
                        loop, catalog, doors, settings, sessions, TargetMetrics.in(registry));
        this.listening =
                new ServerBootstrap()
                        .group(connections)
                        .channel(NettyLoops.serverChannel(connections.next()))
                        .option(ChannelOption.SO_REUSEADDR, true)
                        .option(ChannelOption.SO_BACKLOG, 128)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childOption(ChannelOption.SO_KEEPALIVE, true)
                        .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                        .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                        .childHandler(new Initializer())
                        .bind(address)
                        .syncUninterruptibly()
                        .channel();
    }

    /// Where it listens.
    public InetSocketAddress address() {
        return (InetSocketAddress) listening.localAddress();
    }

    /// Waits until it listens no more.
    public void awaitClose() {
        listening.closeFuture().syncUninterruptibly();
    }

    /// Stops listening and closes every connection. Not called on a loop of the connections.
    @Override
    public void close() {
        listening.close().syncUninterruptibly();
        open.close().syncUninterruptibly();
    }

    /// Wires a channel that was accepted.
    private final class Initializer extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            if (open.size() >= shared.settings().connectionsMax()) {
                channel.close();
                return;
            }
            open.add(channel);
            wire(shared, channel);
        }
    }

    /// Makes `channel` a connection; also what tests do with a channel of their own.
    static void wire(Connection.Shared shared, Channel channel) {
        PduDecoder decoder = new PduDecoder(LoginPhase.REQUEST_BYTES_MAX);
        Connection connection = new Connection(shared, channel, decoder);
        channel.pipeline().addLast(decoder, new ConnectionHandler(shared.loop(), connection));
    }
}
