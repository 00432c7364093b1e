package lockstep.target.runtime;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;

/// Chooses the transport once: epoll where it works, NIO elsewhere.
public final class NettyLoops {
    private NettyLoops() {}

    /// A group of `threads` event loops on the best transport here; the caller shuts it down.
    public static MultiThreadIoEventLoopGroup group(int threads) {
        IoHandlerFactory factory =
                Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        return new MultiThreadIoEventLoopGroup(threads, factory);
    }

    /// The listening channel that fits a loop.
    public static Class<? extends ServerChannel> serverChannel(io.netty.channel.EventLoop loop) {
        return loop instanceof io.netty.channel.IoEventLoop io && io.isIoType(EpollIoHandler.class)
                ? EpollServerSocketChannel.class
                : NioServerSocketChannel.class;
    }
}
