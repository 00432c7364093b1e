package lockstep.replication.link;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.Clock;
import lockstep.replication.wire.LinkMessage;
import lockstep.replication.wire.Message;
import lockstep.replication.wire.MessageCodec;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.ProtocolVersion;
import lockstep.replication.wire.ProtocolViolation;
import lockstep.replication.wire.VolumeMessage;

import java.util.ArrayDeque;
import java.util.Queue;

/// One connection that both sides have agreed on. Sends heartbeats, answers the peer's, passes on
/// what is for volumes. It lives until its connection is closed, and that is when its keeper hears
/// of it: by then everything it carried is delivered or gone.
final class LiveLink implements PeerLink, Connection.Handler {
    private final Connection connection;
    private final NodeIdentity peer;
    private final long peerIncarnation;
    private final ProtocolVersion version;
    private final LinkKeeper keeper;
    private final Clock clock;
    private final LinkSettings settings;
    private final Heartbeat heartbeat;
    private final Suspensions suspensions;
    private final long upNanos;
    private final Queue<Question> questions = new ArrayDeque<>();
    private Clock.Timer timer;
    private boolean closing;

    /// Who waits for the answer to a heartbeat that left at `sentNanos` or later.
    private record Question(long sentNanos, Runnable answered) {}

    LiveLink(
            Connection connection,
            NodeIdentity peer,
            long peerIncarnation,
            ProtocolVersion version,
            LinkKeeper keeper,
            Clock clock,
            LinkSettings settings) {
        this.connection = connection;
        this.peer = peer;
        this.peerIncarnation = peerIncarnation;
        this.version = version;
        this.keeper = keeper;
        this.clock = clock;
        this.settings = settings;
        this.upNanos = clock.nanoTime();
        this.heartbeat = new Heartbeat(settings.lossNanos(), upNanos);
        this.suspensions = new Suspensions(clock);
        this.timer = clock.schedule(settings.heartbeatNanos(), this::beat);
    }

    /// Which of the peer's connections this is; a later one is greater.
    long peerIncarnation() {
        return peerIncarnation;
    }

    /// When it came up.
    long upNanos() {
        return upNanos;
    }

    /// Asks for the first lease at once instead of after an interval.
    void start() {
        sendHeartbeat(clock.nanoTime());
    }

    private void beat() {
        long nowNanos = clock.nanoTime();
        if (heartbeat.isLost(nowNanos)) {
            long silentMillis = (nowNanos - heartbeat.lastRoundTripNanos()) / 1_000_000;
            close("no round trip for " + silentMillis + " ms");
            return;
        }
        sendHeartbeat(nowNanos);
        timer = clock.schedule(settings.heartbeatNanos(), this::beat);
    }

    private void sendHeartbeat(long nowNanos) {
        lookAtClocks();
        heartbeat.sent(nowNanos);
        connection.send(MessageCodec.LINK, new LinkMessage.Heartbeat(nowNanos));
    }

    @Override
    public NodeIdentity peer() {
        return peer;
    }

    @Override
    public ProtocolVersion version() {
        return version;
    }

    @Override
    public void send(VolumeId volume, VolumeMessage borrowed) {
        if (!closing) {
            connection.send(volume, borrowed);
        }
    }

    @Override
    public long queuedBytes() {
        return connection.queuedBytes();
    }

    @Override
    public boolean writable() {
        return !closing && connection.writable();
    }

    @Override
    public void close(String reason) {
        if (!closing) {
            closing = true;
            timer.cancel();
            connection.send(MessageCodec.LINK, new LinkMessage.Goodbye(reason));
            connection.close(reason);
        }
    }

    @Override
    public void whenAnswered(Runnable answered) {
        if (!closing) {
            long nowNanos = clock.nanoTime();
            questions.add(new Question(nowNanos, answered));
            sendHeartbeat(nowNanos);
        }
    }

    private void lookAtClocks() {
        if (suspensions.noticed()) {
            heartbeat.suspended(clock.nanoTime());
        }
    }

    private void answer(long echoedNanos) {
        Question oldest = questions.peek();
        while (oldest != null && oldest.sentNanos - echoedNanos <= 0) {
            questions.remove();
            oldest.answered.run();
            oldest = questions.peek();
        }
    }

    @Override
    public long leaseUntilNanos() {
        lookAtClocks();
        return heartbeat.leaseUntilNanos();
    }

    @Override
    public void received(VolumeId volume, Message borrowed) {
        if (closing) {
            return;
        }
        switch (borrowed) {
            case VolumeMessage message -> keeper.handler().received(this, volume, message);
            case LinkMessage message -> linkMessage(message);
        }
    }

    private void linkMessage(LinkMessage message) {
        switch (message) {
            case LinkMessage.Heartbeat(long sentNanos) ->
                    connection.send(
                            MessageCodec.LINK,
                            new LinkMessage.HeartbeatReply(sentNanos, keeper.grantLease()));
            case LinkMessage.HeartbeatReply(long echoedNanos, int leaseMillis) -> {
                lookAtClocks();
                if (heartbeat.echoed(echoedNanos, leaseMillis)) {
                    keeper.handler().leaseGranted(this);
                }
                answer(echoedNanos);
            }
            case LinkMessage.Goodbye(String reason) -> close("peer says goodbye: " + reason);
            case LinkMessage.Hello _, LinkMessage.HelloAck _, LinkMessage.Refused _ ->
                    throw new ProtocolViolation("a second handshake on one connection");
        }
    }

    @Override
    public void writableAgain() {
        if (!closing) {
            keeper.handler().writable(this);
        }
    }

    @Override
    public void closed(String reason) {
        closing = true;
        timer.cancel();
        keeper.lost(this, reason);
    }
}
