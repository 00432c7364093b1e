package lockstep.replication.link;

import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.Clock;
import lockstep.replication.wire.LinkMessage.Hello;
import lockstep.replication.wire.LinkMessage.HelloAck;
import lockstep.replication.wire.LinkMessage.Refusal;
import lockstep.replication.wire.LinkMessage.Refused;
import lockstep.replication.wire.Message;
import lockstep.replication.wire.MessageCodec;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.ProtocolVersion;
import lockstep.replication.wire.ProtocolViolation;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.UUID;

/// Keeps the link to one peer: dials, takes the peer's dials, makes the link again when it is lost.
///
/// At most one link is up. Two nodes that dial each other at once must not end with two links, nor
/// with none, so both follow the same rule: **of two connections on which both have said Hello, the
/// one dialled by the node with the lower UUID stays.** A dial on which Hello is not yet said
/// simply gives way, because the peer cannot know of it.
///
/// A Hello from a peer whose link is still up here means that the peer has lost it and this side
/// has not noticed. If its incarnation is newer, the old connection is closed first, and the new
/// one is taken when the old one is drained: bytes of the old one can never arrive between those of
/// the new one. An older incarnation is a Hello that was long under way, and is refused. And so is
/// one whose old connection still answers: then two nodes have one identity.
public final class LinkKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(LinkKeeper.class);

    private static final int ANSWER_HEARTBEATS = 2;

    private final LinkHub hub;
    private final UUID peer;
    private final @Nullable Dialer dialer;
    private final LinkHandler handler;
    private final LinkSettings settings;
    private final Clock clock;
    private final Backoff backoff;

    private LinkState state = LinkState.WAITING;
    private @Nullable NodeIdentity peerIdentity;
    private Dialer.@Nullable Attempt attempt;
    private @Nullable Greeting greeting;
    private @Nullable LiveLink live;
    private @Nullable Waiting candidate;
    private Clock.@Nullable Timer timer;
    private long grantedUntilNanos = Long.MIN_VALUE;
    private String lastProblem = "";
    private long timesUp;

    /// A connection of the peer whose Hello was heard.
    record Candidate(Connection connection, Hello hello, ProtocolVersion version) {}

    LinkKeeper(LinkHub hub, UUID peer, @Nullable Dialer dialer, LinkHandler handler) {
        this.hub = hub;
        this.peer = peer;
        this.dialer = dialer;
        this.handler = handler;
        this.settings = hub.settings();
        this.clock = hub.clock();
        this.backoff = new Backoff(settings, hub.entropy());
    }

    /// Begins to dial, if this side dials.
    void start() {
        waitFor(0);
    }

    /// Where it stands.
    public LinkState state() {
        return state;
    }

    /// The link while it is up.
    public @Nullable PeerLink link() {
        return state == LinkState.UP ? live : null;
    }

    /// The UUID of the node at the other end.
    public UUID peer() {
        return peer;
    }

    /// What the peer calls itself; null until it was first heard.
    public @Nullable NodeIdentity peerIdentity() {
        return peerIdentity;
    }

    /// Why the link is not up, or was lost the last time; for people.
    public String lastProblem() {
        return lastProblem;
    }

    /// How often the link has come up.
    public long timesUp() {
        return timesUp;
    }

    /// Until when, on this node's clock, the peer may believe in a lease from this process, with a
    /// hundredth added for clocks that run at different rates. [Long#MIN_VALUE] if none was
    /// granted. After a restart of this process the caller must let one full lease pass besides.
    public long grantedUntilNanos() {
        return grantedUntilNanos;
    }

    LinkHandler handler() {
        return handler;
    }

    int grantLease() {
        int millis = handler.leaseMillisToGrant();
        if (millis > 0) {
            long untilNanos = clock.nanoTime() + millis * 1_010_000L;
            grantedUntilNanos = Math.max(grantedUntilNanos, untilNanos);
        }
        return millis;
    }

    private void waitFor(long delayNanos) {
        state = LinkState.WAITING;
        attempt = null;
        greeting = null;
        if (dialer != null) {
            setTimer(delayNanos, this::dial);
        }
    }

    private void dial() {
        Check.that(state == LinkState.WAITING, "only a waiting keeper dials");
        Dialer door = dialer;
        if (door == null) {
            return;
        }
        state = LinkState.DIALLING;
        setTimer(settings.handshakeNanos(), () -> failed("no answer from " + door.address(), true));
        attempt =
                door.dial(
                        new Dialer.Result() {
                            @Override
                            public void opened(Connection connection) {
                                greet(connection);
                            }

                            @Override
                            public void failed(String reason) {
                                LinkKeeper.this.failed(reason, true);
                            }
                        });
    }

    private void greet(Connection connection) {
        Check.that(state == LinkState.DIALLING, "a connection opens for a dial");
        state = LinkState.GREETING;
        attempt = null;
        greeting = new Greeting(connection);
        connection.handler(greeting);
        connection.send(
                MessageCodec.LINK,
                new Hello(
                        ProtocolVersion.oldest().number(),
                        ProtocolVersion.newest().number(),
                        hub.self(),
                        hub.nextIncarnation()));
    }

    /// What comes on a connection that this side dialled, until the peer has answered.
    private final class Greeting implements Connection.Handler {
        private final Connection connection;

        Greeting(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void received(VolumeId volume, Message borrowed) {
            if (greeting != this) {
                return;
            }
            switch (borrowed) {
                case HelloAck ack -> answered(connection, ack);
                case Refused(Refusal reason, String text) ->
                        failed("refused: " + reason + " " + text, reason.passes());
                default -> throw new ProtocolViolation("a Hello was not answered but ignored");
            }
        }

        @Override
        public void writableAgain() {}

        @Override
        public void closed(String reason) {
            if (greeting == this) {
                failed("closed while greeting: " + reason, true);
            }
        }
    }

    private void answered(Connection connection, HelloAck ack) {
        ProtocolVersion version = ProtocolVersion.choose(ack.version(), ack.version());
        if (version == null) {
            failed("peer chose version " + ack.version(), false);
        } else if (!ack.node().uuid().equals(peer)) {
            failed("found " + ack.node() + " where " + peer + " was expected", false);
        } else if (!connection.mayBe(peer)) {
            failed(ack.node() + " has not shown the key that is pinned for it", false);
        } else if (hub.isIdTaken(ack.node())) {
            failed("short id of " + ack.node() + " belongs to another node", false);
        } else {
            greeting = null;
            up(connection, ack.node(), ack.incarnation(), version);
        }
    }

    /// A dial came to nothing. `passes`: it may succeed soon without anybody changing anything.
    private void failed(String reason, boolean passes) {
        if (!reason.equals(lastProblem)) {
            LOG.info("no link to {}: {}", peer, reason);
        }
        lastProblem = reason;
        abandonDial(reason);
        waitFor(passes ? backoff.next() : backoff.longest());
    }

    private void abandonDial(String reason) {
        if (attempt != null) {
            attempt.cancel();
            attempt = null;
        }
        Greeting dialled = greeting;
        greeting = null;
        if (dialled != null) {
            dialled.connection.close(reason);
        }
    }

    /// The peer dialled and said Hello; everything about it but the moment is checked.
    void offered(Candidate offer) {
        switch (state) {
            case WAITING, DIALLING -> take(offer);
            case GREETING -> {
                if (hub.self().uuid().compareTo(peer) < 0) {
                    hub.refuse(offer.connection(), Refusal.SIMULTANEOUS_DIAL, "");
                } else {
                    take(offer);
                }
            }
            case UP -> replace(offer);
            case DRAINING -> hub.refuse(offer.connection(), Refusal.BUSY, "");
            case STOPPED -> hub.refuse(offer.connection(), Refusal.UNKNOWN_NODE, "");
        }
    }

    private void replace(Candidate offer) {
        LiveLink old = live;
        if (old == null) {
            throw new BrokenInvariant("a keeper that is up has a link");
        }
        if (offer.hello().incarnation() <= old.peerIncarnation()) {
            hub.refuse(offer.connection(), Refusal.STALE_INCARNATION, "");
            return;
        }
        state = LinkState.DRAINING;
        Waiting newer = new Waiting(offer, this::gone);
        candidate = newer;
        offer.connection().handler(newer);
        old.whenAnswered(() -> isTwice(newer));
        setTimer(
                ANSWER_HEARTBEATS * settings.heartbeatNanos(),
                () -> old.close("peer has made a newer connection"));
    }

    /// A node gives up its old connection before it makes a newer one. Who still answers on the old
    /// one is another process with the same identity, and the link stays with whom it was.
    private void isTwice(Waiting newer) {
        if (candidate == newer && state == LinkState.DRAINING) {
            stayUp();
            hub.refuse(
                    newer.offer().connection(),
                    Refusal.DOUBLE_IDENTITY,
                    "another node answers as "
                            + peer
                            + ": if a data directory was copied, remove the file 'node' in the"
                            + " copy");
        }
    }

    private void stayUp() {
        candidate = null;
        cancelTimer();
        state = LinkState.UP;
    }

    private void gone(Waiting one) {
        if (candidate == one && live != null && state == LinkState.DRAINING) {
            stayUp();
        } else if (candidate == one) {
            candidate = null;
        }
    }

    private void take(Candidate offer) {
        abandonDial("the peer's own dial is taken");
        offer.connection()
                .send(
                        MessageCodec.LINK,
                        new HelloAck(offer.version().number(), hub.self(), hub.nextIncarnation()));
        up(offer.connection(), offer.hello().node(), offer.hello().incarnation(), offer.version());
    }

    private void up(
            Connection connection, NodeIdentity node, long incarnation, ProtocolVersion version) {
        cancelTimer();
        state = LinkState.UP;
        peerIdentity = node;
        timesUp++;
        lastProblem = "";
        LiveLink link = new LiveLink(connection, node, incarnation, version, this, clock, settings);
        live = link;
        connection.handler(link);
        LOG.info("link to {} is up", node);
        handler.up(link);
        link.start();
    }

    /// The connection of `link` is closed and drained.
    void lost(LiveLink link, String reason) {
        Check.that(live == link, "a link is lost once");
        live = null;
        lastProblem = reason;
        LOG.warn("link to {} is lost: {}", link.peer(), reason);
        if (clock.nanoTime() - link.upNanos() >= settings.stableNanos()) {
            backoff.reset();
        }
        if (state != LinkState.STOPPED) {
            state = LinkState.WAITING;
        }
        handler.lost(link, reason);
        Waiting next = candidate;
        candidate = null;
        if (state == LinkState.STOPPED) {
            return;
        }
        if (next != null) {
            take(next.offer());
        } else {
            waitFor(backoff.next());
        }
    }

    /// Ends the link and everything under way, for good.
    void stop() {
        state = LinkState.STOPPED;
        cancelTimer();
        abandonDial("stopped");
        Waiting next = candidate;
        candidate = null;
        if (next != null) {
            next.offer().connection().close("stopped");
        }
        if (live != null) {
            live.close("node stops");
        }
    }

    private void setTimer(long delayNanos, Runnable task) {
        cancelTimer();
        timer = clock.schedule(delayNanos, task);
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
