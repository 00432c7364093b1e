package lockstep.replication.link.netty;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.VolumeId;
import lockstep.replication.link.LinkHandler;
import lockstep.replication.link.LinkHub;
import lockstep.replication.link.LinkSettings;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.BlockRun;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// A node on a loop of its own with a real listener on loopback. What its handler is told becomes
/// events that a test waits for.
final class SocketNode implements LinkHandler, AutoCloseable {
    private final MultiThreadIoEventLoopGroup group;
    final EventLoop loop;
    final NodeIdentity identity;
    final LinkHub hub;
    final PeerListener listener;
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final AtomicLong incarnation = new AtomicLong();
    @Nullable PeerLink link;
    private @Nullable Runnable onWritable;
    private long blocksExpected;

    SocketNode(int number, boolean epoll) throws Exception {
        var io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        group = new MultiThreadIoEventLoopGroup(1, io);
        loop = group.next();
        identity = new NodeIdentity(number, new UUID(9, number), "node" + number);
        LinkSettings settings =
                new LinkSettings(
                        50_000_000L,
                        10_000_000_000L,
                        1_000_000_000L,
                        10_000_000L,
                        100_000_000L,
                        1_000_000_000L);
        hub =
                new LinkHub(
                        identity,
                        new NettyClock(loop),
                        settings,
                        incarnation::incrementAndGet,
                        () -> number * 1000L);
        listener = new PeerListener(loop, hub, LinkSecurity.PLAIN);
        CompletableFuture<@Nullable Throwable> bound = new CompletableFuture<>();
        listener.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), bound::complete);
        Check.that(bound.get(20, TimeUnit.SECONDS) == null, "the listener binds");
    }

    InetSocketAddress address() throws Exception {
        return call(() -> Objects.requireNonNull(listener.address()));
    }

    /// Runs `task` on the node's loop and waits for it.
    <T> T call(Callable<T> task) throws Exception {
        return loop.submit(task).get(20, TimeUnit.SECONDS);
    }

    void expect(SocketNode peer) throws Exception {
        call(() -> hub.keep(peer.identity.uuid(), null, this));
    }

    void dial(SocketNode peer) throws Exception {
        var dialer = new PeerDialer(loop, peer.address(), LinkSecurity.PLAIN, 1000);
        call(() -> hub.keep(peer.identity.uuid(), dialer, this));
    }

    void awaitEvent(String wanted) throws InterruptedException {
        for (String event = ""; !event.equals(wanted); ) {
            event = events.poll(20, TimeUnit.SECONDS);
            Check.that(event != null, wanted + " came");
        }
    }

    /// Calls `task` each time the link becomes writable.
    void whenWritable(Runnable task) {
        onWritable = task;
    }

    @Override
    public void up(PeerLink newLink) {
        link = newLink;
        events.add("up");
    }

    @Override
    public void received(PeerLink on, VolumeId volume, VolumeMessage borrowed) {
        switch (borrowed) {
            case VolumeMessage.CpData data -> data.runs().forEach(this::block);
            case VolumeMessage.Fault(String what) -> events.add(what);
            default -> events.add(borrowed.toString());
        }
    }

    /// Blocks come in order and say their number in every long.
    private void block(BlockRun run) {
        Check.that(run.vbn() == blocksExpected, "blocks come in order", run.vbn(), blocksExpected);
        while (run.contents().hasRemaining()) {
            Check.that(run.contents().getLong() == run.vbn(), "a block is what was sent");
        }
        blocksExpected++;
    }

    @Override
    public void writable(PeerLink on) {
        events.add("writable");
        if (onWritable != null) {
            onWritable.run();
        }
    }

    @Override
    public void lost(PeerLink on, String reason) {
        link = null;
        events.add("lost");
    }

    @Override
    public int leaseMillisToGrant() {
        return 1000;
    }

    @Override
    public void leaseGranted(PeerLink on) {
        events.add("lease");
    }

    @Override
    public void close() {
        loop.execute(
                () -> {
                    listener.close();
                    hub.stop();
                });
        boolean ended =
                group.shutdownGracefully(0, 5, TimeUnit.SECONDS)
                        .awaitUninterruptibly(20, TimeUnit.SECONDS);
        Check.that(ended, "the loop ends");
    }
}
