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
import lockstep.replication.trust.Fingerprint;
import lockstep.replication.trust.Invitation;
import lockstep.replication.trust.NodeKey;
import lockstep.replication.trust.PairingCode;
import lockstep.replication.trust.PairingDesk;
import lockstep.replication.trust.PairingSession;
import lockstep.replication.wire.BlockRun;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.PairingMessage;
import lockstep.replication.wire.PairingMessage.Claim;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// A node on a loop of its own with a real listener on loopback. What its handler is told becomes
/// events that a test waits for.
final class SocketNode implements LinkHandler, AutoCloseable {
    private final MultiThreadIoEventLoopGroup group;
    final EventLoop loop;
    final NodeIdentity identity;
    final LinkHub hub;
    final PeerListener listener;
    final NodeKey key;
    final LinkSecurity security;
    final TestPins pins = new TestPins();
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final AtomicLong incarnation = new AtomicLong();
    @Nullable PeerLink link;
    @Nullable Invitation invitation;
    PairingDesk desk = this::claimed;
    private @Nullable Runnable onWritable;
    private long blocksExpected;

    /// One that is patient with who connects: a cold machine takes its time for TLS.
    SocketNode(int number) throws Exception {
        this(number, true, 20);
    }

    SocketNode(int number, boolean epoll, int handshakeSeconds) throws Exception {
        var io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        group = new MultiThreadIoEventLoopGroup(1, io);
        loop = group.next();
        identity = new NodeIdentity(number, new UUID(9, number), "node" + number);
        key = NodeKey.make(identity.uuid(), new SecureRandom());
        security =
                new LinkSecurity(key, pins, (s, c, to) -> desk.claimed(s, c, to), false, _ -> {});
        LinkSettings settings =
                new LinkSettings(
                        50_000_000L,
                        10_000_000_000L,
                        handshakeSeconds * 1_000_000_000L,
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
        listener = new PeerListener(loop, hub::accepted, security);
        CompletableFuture<@Nullable Throwable> bound = new CompletableFuture<>();
        listener.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), bound::complete);
        Check.that(bound.get(20, TimeUnit.SECONDS) == null, "the listener binds");
    }

    /// Pins `key` for `peer` here.
    void pin(SocketNode peer, NodeKey shown) {
        pins.keys.put(peer.identity.uuid(), shown.fingerprint());
    }

    /// Who comes with the code that is given out is accepted.
    private void claimed(PairingSession session, Claim claim, Consumer<PairingMessage> answer) {
        Invitation open = invitation;
        String wrong =
                open == null
                        ? "no code is given out"
                        : open.judge(session, claim, loop.ticker().nanoTime());
        if (open == null || wrong != null) {
            answer.accept(new PairingMessage.Refused(String.valueOf(wrong)));
            return;
        }
        pins.keys.put(claim.node().uuid(), session.dialler());
        answer.accept(new PairingMessage.Accepted(open.accept(session, Claim.of(identity, "x:1"))));
    }

    /// Pairs with whoever listens at `address`; gives the key, or why not.
    String pair(InetSocketAddress at, PairingCode code) throws Exception {
        CompletableFuture<String> end = new CompletableFuture<>();
        PairingCall.dial(
                loop,
                at,
                security,
                code,
                Claim.of(identity, ""),
                new PairingCall.Result() {
                    @Override
                    public void paired(Claim other, Fingerprint shown) {
                        end.complete(other.node().name() + " " + shown);
                    }

                    @Override
                    public void failed(String reason) {
                        end.complete(reason);
                    }
                });
        return end.get(20, TimeUnit.SECONDS);
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
        var dialer = new PeerDialer(loop, peer.identity.uuid(), peer.address(), security, 1000);
        call(() -> hub.keep(peer.identity.uuid(), dialer, this));
    }

    /// Waits until its only link cannot come up for a reason with this in it.
    void awaitProblem(String part) throws Exception {
        long until = System.nanoTime() + 20_000_000_000L;
        String seen = "";
        while (!seen.contains(part)) {
            Check.that(System.nanoTime() < until, part + " came, not: " + seen);
            Thread.sleep(5);
            seen = call(() -> hub.keepers().getFirst().lastProblem());
        }
    }

    // Leases come all the time.
    void awaitEvent(String wanted) throws InterruptedException {
        long until = System.nanoTime() + 60_000_000_000L;
        List<String> seen = new ArrayList<>();
        for (String event = ""; !event.equals(wanted); ) {
            event = events.poll(20, TimeUnit.SECONDS);
            Check.that(
                    event != null && System.nanoTime() < until, wanted + " came and not: " + seen);
            if (!event.equals("lease")) {
                seen.add(event);
            }
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
