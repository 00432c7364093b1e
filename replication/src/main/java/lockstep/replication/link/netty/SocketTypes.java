package lockstep.replication.link.netty;

import io.netty.bootstrap.AbstractBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;

/// Which sockets fit an event loop, and how they are set.
final class SocketTypes {
    /// The queue of a connection takes bulk again below the first, and no more above the second.
    static final WriteBufferWaterMark BULK = new WriteBufferWaterMark(1 << 20, 4 << 20);

    // Of that, so much is let into the channel at a time, and the kernel holds so much that it has
    // not sent: heartbeats stand behind no more than these.
    private static final WriteBufferWaterMark CHANNEL =
            new WriteBufferWaterMark(64 << 10, SendQueue.HANDED_BYTES - 1);
    private static final long KERNEL_BYTES = 512 << 10;

    // A frame of entries or blocks is mostly longer than what Netty reads at once by itself, and is
    // copied for each further read that it takes.
    private static final int LEAST_READ = 2 << 10;
    private static final int FIRST_READ = 64 << 10;
    private static final int MOST_READ = 256 << 10;
    private static final int READS_PER_TURN = 16;

    // The kernel gives a connection up when sent bytes stay unacknowledged this long. Heartbeats
    // notice earlier; this frees what they cannot see, a close that waits for a dead peer.
    private static final int USER_TIMEOUT_MILLIS = 5_000;

    private SocketTypes() {}

    private static boolean isEpoll(EventLoop loop) {
        return Epoll.isAvailable()
                && loop instanceof IoEventLoop io
                && io.isIoType(EpollIoHandler.class);
    }

    static Class<? extends Channel> client(EventLoop loop) {
        return isEpoll(loop) ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    static Class<? extends ServerChannel> server(EventLoop loop) {
        return isEpoll(loop) ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    /// Sets the options of a connection, dialled or accepted.
    static void connectionOptions(EventLoop loop, Channel channel) {
        channel.config().setOption(ChannelOption.TCP_NODELAY, true);
        channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
        channel.config().setWriteBufferWaterMark(CHANNEL);
        channel.config()
                .setRecvByteBufAllocator(
                        new AdaptiveRecvByteBufAllocator(LEAST_READ, FIRST_READ, MOST_READ)
                                .maxMessagesPerRead(READS_PER_TURN));
        if (isEpoll(loop)) {
            channel.config().setOption(EpollChannelOption.TCP_USER_TIMEOUT, USER_TIMEOUT_MILLIS);
            channel.config().setOption(EpollChannelOption.TCP_NOTSENT_LOWAT, KERNEL_BYTES);
        }
    }

    /// Lets a listening socket take its port again at once after a restart.
    static void listenerOptions(AbstractBootstrap<?, ?> bootstrap) {
        bootstrap.option(ChannelOption.SO_REUSEADDR, true).option(ChannelOption.SO_BACKLOG, 64);
    }
}
