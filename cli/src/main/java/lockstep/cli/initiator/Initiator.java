package lockstep.cli.initiator;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Opens sessions. Holds the loops they run on; closing it closes them all.
public final class Initiator implements AutoCloseable {
    private static final int FIRST_CMD_SN = 1;
    private static final int MAX_READ = 512 * 1024;

    private final EventLoopGroup loops;

    /// An initiator with `threads` loops; sessions are dealt out to them in turn.
    public Initiator(int threads) {
        IoHandlerFactory io =
                Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        loops = new MultiThreadIoEventLoopGroup(threads, io);
    }

    /// Logs in to the target that `url` names. The future fails with [ProtocolException] when the
    /// target refuses.
    public CompletableFuture<IscsiSession> connect(IscsiUrl url, SessionOptions options) {
        return open(url.host(), url.port(), url.target(), options);
    }

    /// Asks the portal for its targets: name to addresses, in the order told.
    public CompletableFuture<Map<String, List<String>>> discover(
            String host, int port, SessionOptions options) {
        return open(host, port, "", options)
                .thenCompose(
                        session ->
                                sendTargets(
                                                session,
                                                "SendTargets=All\0",
                                                Bhs.NO_TAG,
                                                new ArrayList<>())
                                        .whenComplete((_, _) -> session.logout()));
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private CompletableFuture<IscsiSession> open(
            String host, int port, String target, SessionOptions options) {
        CompletableFuture<IscsiSession> opened = new CompletableFuture<>();
        Bootstrap bootstrap =
                new Bootstrap()
                        .group(loops)
                        .channel(
                                Epoll.isAvailable()
                                        ? EpollSocketChannel.class
                                        : NioSocketChannel.class)
                        .option(ChannelOption.TCP_NODELAY, true)
                        .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                        .option(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new AdaptiveRecvByteBufAllocator(4096, 65536, MAX_READ))
                        .option(
                                ChannelOption.WRITE_BUFFER_WATER_MARK,
                                new WriteBufferWaterMark(1 << 20, 4 << 20))
                        .option(
                                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                                (int) options.loginTimeout().toMillis())
                        .handler(
                                new ChannelInitializer<SocketChannel>() {
                                    @Override
                                    protected void initChannel(SocketChannel channel) {
                                        assemble(channel, target, options, opened);
                                    }
                                });
        bootstrap
                .connect(new InetSocketAddress(host, port))
                .addListener(
                        (ChannelFuture future) -> {
                            if (!future.isSuccess()) {
                                opened.completeExceptionally(future.cause());
                            }
                        });
        return opened;
    }

    private static void assemble(
            Channel channel,
            String target,
            SessionOptions options,
            CompletableFuture<IscsiSession> opened) {
        PduWriter writer = new PduWriter(channel);
        Numbers numbers = new Numbers(FIRST_CMD_SN);
        IscsiSession session = new IscsiSession(channel, writer, numbers);
        Login login = new Login(options, target, writer, numbers, channel::flush);
        Incoming incoming = new Incoming(session, numbers, login);
        PduReader reader =
                new PduReader(incoming, options.maxRecvDataSegmentLength(), login::start);
        channel.pipeline().addLast(reader);
        var timeout =
                channel.eventLoop()
                        .schedule(
                                () -> reader.fail(channel, "no end of the login in time"),
                                options.loginTimeout().toMillis(),
                                TimeUnit.MILLISECONDS);
        login.done()
                .whenComplete(
                        (agreed, failure) -> {
                            timeout.cancel(false);
                            if (failure != null) {
                                opened.completeExceptionally(failure);
                                return;
                            }
                            reader.expectDigests(agreed.headerDigest(), agreed.dataDigest());
                            writer.useDigests(agreed.headerDigest(), agreed.dataDigest());
                            session.established(agreed);
                            opened.complete(session);
                        });
    }

    // A long answer comes in several PDUs; each but the last is asked on with its transfer tag.
    private static CompletableFuture<Map<String, List<String>>> sendTargets(
            IscsiSession session, String request, int transferTag, List<ByteBuffer> parts) {
        return session.text(request, transferTag)
                .thenCompose(
                        answer -> {
                            parts.add(answer.data());
                            boolean last = (answer.header().get(Bhs.FLAGS_AT) & Bhs.FINAL) != 0;
                            if (!last && parts.size() < 1000) {
                                int next = answer.header().getInt(Bhs.TRANSFER_TAG_AT);
                                return sendTargets(session, "", next, parts);
                            }
                            try {
                                return CompletableFuture.completedFuture(targets(parts));
                            } catch (ProtocolException e) {
                                return CompletableFuture.failedFuture(e);
                            }
                        });
    }

    private static Map<String, List<String>> targets(List<ByteBuffer> parts)
            throws ProtocolException {
        StringBuilder all = new StringBuilder();
        parts.forEach(part -> all.append(StandardCharsets.ISO_8859_1.decode(part)));
        Map<String, List<String>> targets = new LinkedHashMap<>();
        List<String> addresses = new ArrayList<>();
        for (var pair : TextKeys.decode(all.toString().getBytes(StandardCharsets.ISO_8859_1))) {
            if (pair.getKey().equals("TargetName")) {
                addresses = targets.computeIfAbsent(pair.getValue(), _ -> new ArrayList<>());
            } else if (pair.getKey().equals("TargetAddress")) {
                addresses.add(pair.getValue());
            }
        }
        return targets;
    }
}
