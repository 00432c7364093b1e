package lockstep.target.iscsi.session;

import io.netty.channel.Channel;

import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;
import lockstep.target.access.LunMask;
import lockstep.target.iscsi.login.Caps;
import lockstep.target.iscsi.login.Doors;
import lockstep.target.iscsi.login.IscsiSettings;
import lockstep.target.iscsi.login.LoginPhase;
import lockstep.target.iscsi.login.TargetCatalog;
import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduDecoder;
import lockstep.target.iscsi.pdu.PduFault;
import lockstep.target.iscsi.pdu.PduHeader;
import lockstep.target.iscsi.pdu.PduWriter;

import org.jscsi.parser.login.LoginStatus;
import org.jscsi.parser.reject.RejectParser.ReasonCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;

/// One TCP connection from its first byte to its end, on the target's event loop: login, then the
/// switch over request PDUs. A session has one connection, so the end of one is the end of both.
///
/// Whatever breaks the protocol is rejected and ends the connection (error recovery level 0); it
/// touches no other.
final class Connection {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
    private static final long TICK_NANOS = 1_000_000_000L;
    private static final int LOGOUT_RECOVERY_NOT_SUPPORTED = 2;

    /// Where a connection stands.
    private enum Phase {
        /// Login requests are expected.
        LOGIN,
        /// The login is whole, and waits for the end of the session it replaces.
        REINSTATING,
        /// Requests are carried out.
        FULL_FEATURE,
        /// What was written goes out, then the channel closes; nothing is read any more.
        ENDING
    }

    /// What all connections of a portal share.
    record Shared(
            EventLoop loop,
            TargetCatalog catalog,
            Doors doors,
            IscsiSettings settings,
            SessionTable sessions,
            TargetMetrics metrics) {}

    private final Shared shared;
    private final Channel channel;
    private final PduDecoder decoder;
    private final PduWriter writer;
    private final Responses responses;
    private final Peer peer;
    private final LoginTurns login;
    private final FloodGuard guard;
    private final List<Runnable> whenReplaced = new ArrayList<>(0);
    private final long openedNanos;
    private Phase phase = Phase.LOGIN;
    private SessionTable.@Nullable Key key;

    // The session whose place this one takes has commands under way, also if this connection is
    // closed meanwhile: whoever comes next waits for them too.
    private boolean awaitsOld;
    private @Nullable FullFeature feature;
    private Clock.@Nullable Timer timer;
    private Caps.@Nullable Seat seat;
    private boolean reading;
    private boolean flushPlanned;
    private long lastHeardNanos;
    private boolean pinged;

    Connection(Shared shared, Channel channel, PduDecoder decoder) {
        this.shared = shared;
        this.channel = channel;
        this.decoder = decoder;
        this.writer = new PduWriter(channel);
        this.responses = new Responses(writer, this::planFlush);
        this.peer = Peer.of(channel);
        this.login = new LoginTurns(shared, peer, channel.remoteAddress(), responses, new Next());
        this.openedNanos = shared.loop.clock().nanoTime();
        this.guard = new FloodGuard(openedNanos);
        this.lastHeardNanos = openedNanos;
    }

    /// The channel is open.
    void opened() {
        shared.metrics.connections().inc();
        seat = shared.doors.caps().enter(peer.address());
        if (seat == null) {
            drop("too many connections or logins, here or from its address");
            return;
        }
        timer = shared.loop.clock().schedule(TICK_NANOS, this::tick);
    }

    /// The channel is closed: the session ends with it.
    void closed() {
        shared.metrics.connections().dec();
        if (timer != null) {
            timer.cancel();
        }
        if (seat != null) {
            seat.leave();
        }
        if (feature != null) {
            feature.dropData();
        }
        enterEnding();
    }

    private void tick() {
        long now = shared.loop.clock().nanoTime();
        timer = shared.loop.clock().schedule(TICK_NANOS, this::tick);
        switch (phase) {
            case LOGIN, REINSTATING -> {
                if (now - openedNanos > shared.settings.loginTime().toNanos()) {
                    drop("login takes too long");
                }
            }
            case FULL_FEATURE -> checkAlive(now);
            case ENDING -> {
                if (now - lastHeardNanos > shared.settings.pingTime().toNanos()) {
                    channel.close();
                }
            }
        }
    }

    private void checkAlive(long now) {
        long quiet = now - lastHeardNanos;
        long patience = shared.settings.idleBeforePing().toNanos();
        if (feature != null && feature.isStalled(now)) {
            drop("data that was asked for does not come");
        } else if (pinged && quiet > patience + shared.settings.pingTime().toNanos()) {
            drop("no answer to a ping");
        } else if (!pinged && quiet > patience) {
            pinged = true;
            responses.ping(1);
        }
    }

    /// Takes what the decoder made: a [Pdu], which is handed over, or a [PduFault].
    void receive(Object message) {
        reading = true;
        if (message instanceof PduFault fault) {
            faulty(fault);
            return;
        }
        Pdu pdu = (Pdu) message;
        lastHeardNanos = shared.loop.clock().nanoTime();
        pinged = false;
        switch (phase) {
            case LOGIN -> login.receive(pdu);
            case FULL_FEATURE -> {
                PduHeader header = pdu.header();
                if (feature != null && !feature.receive(pdu)) {
                    violation(ReasonCode.PROTOCOL_ERROR, header);
                } else if (guard.isFlood(header, responses.rejects(), lastHeardNanos)) {
                    drop("a flood of requests");
                }
            }
            case REINSTATING -> {
                pdu.release();
                drop("a request before the login was answered");
            }
            case ENDING -> pdu.release();
        }
    }

    private void faulty(PduFault fault) {
        if (phase != Phase.FULL_FEATURE) {
            drop("malformed login");
            return;
        }
        switch (fault.reason()) {
            case DATA_SEGMENT_TOO_LONG -> violation(ReasonCode.PROTOCOL_ERROR, fault.header());
            case DATA_DIGEST -> violation(ReasonCode.DATA_DIGEST_ERROR, fault.header());
            case HEADER_DIGEST -> drop("header digest error");
        }
    }

    /// Where a login leads.
    private final class Next implements LoginTurns.Next {
        @Override
        public void complete(PduHeader header, LoginPhase.Complete complete) {
            claim(header, complete);
        }

        @Override
        public void finish() {
            Connection.this.finish();
        }

        @Override
        public void drop(String reason) {
            Connection.this.drop(reason);
        }
    }

    private void claim(PduHeader header, LoginPhase.Complete complete) {
        String initiator = complete.standing().initiator();
        SessionTable.Key claimed =
                complete.target() == null
                        ? null
                        : new SessionTable.Key(
                                complete.target().port().targetName(),
                                initiator,
                                header.lun() >>> 16);
        boolean replaces = claimed != null && shared.sessions.has(claimed);
        if (seat == null || !seat.admit(initiator, replaces)) {
            login.refuse(
                    header, LoginStatus.OUT_OF_RESOURCES, "too many sessions, here or of its own");
            return;
        }
        if (claimed == null) {
            enterFullFeature(header, complete);
            return;
        }
        phase = Phase.REINSTATING;
        key = claimed;
        awaitsOld = true;
        shared.sessions.claim(
                claimed,
                this,
                () -> {
                    awaitsOld = false;
                    if (phase == Phase.REINSTATING) {
                        enterFullFeature(header, complete);
                    } else {
                        over();
                    }
                });
    }

    private void enterFullFeature(PduHeader header, LoginPhase.Complete complete) {
        var parameters = complete.parameters();
        String initiator = complete.standing().initiator();
        LunMask luns = Rights.of(shared, complete);
        if (luns == null) {
            login.refuse(header, LoginStatus.AUTHORIZATION_FAILURE, "its rule has gone meanwhile");
            return;
        }
        phase = Phase.FULL_FEATURE;
        shared.metrics.sessions().inc();
        FullFeature entered =
                new FullFeature(
                        shared,
                        channel,
                        responses,
                        complete,
                        luns,
                        "%s,i,0x%012x".formatted(initiator, header.lun() >>> 16),
                        header.commandNumber(),
                        this::loggedOut);
        feature = entered;
        responses.numbering(entered::expectedCommand, entered::highestCommand);
        int handle = shared.sessions.nextHandle();
        Runnable configure =
                () ->
                        decoder.configure(
                                shared.settings.segmentMax(),
                                parameters.headerDigest(),
                                parameters.dataDigest());
        // On the decoder's own loop, and before the answer that lets the initiator go on.
        if (channel.eventLoop().inEventLoop()) {
            configure.run();
        } else {
            channel.eventLoop().execute(configure);
        }
        login.answer(header, complete.flags(), handle, LoginStatus.SUCCESS, complete.text());
        writer.configure(parameters.headerDigest(), parameters.dataDigest());
        LOG.info("{} logged in as {}", channel.remoteAddress(), initiator);
    }

    /// The rules of its target have changed.
    void accessChanged() {
        if (phase == Phase.FULL_FEATURE && feature != null && !feature.accessChanged()) {
            drop("no rule lets it in any more");
        }
    }

    /// A logout request: its tasks end first, then it is answered, then the connection closes.
    private void loggedOut(PduHeader header, boolean recovery) {
        if (recovery) {
            responses.logout(header.taskTag(), LOGOUT_RECOVERY_NOT_SUPPORTED);
            return;
        }
        FullFeature ending = feature;
        if (ending != null) {
            phase = Phase.ENDING;
            ending.end(
                    () ->
                            ending.afterData(
                                    () -> {
                                        responses.logout(header.taskTag(), 0);
                                        finish();
                                    }));
        }
    }

    private void violation(ReasonCode reason, PduHeader header) {
        shared.metrics.rejected().mark();
        LOG.warn("{}: {} at {}", channel.remoteAddress(), reason, header.code());
        responses.reject(reason, header);
        finish();
    }

    /// Another login has taken this session's place; `done` runs when nothing of it is under way.
    void reinstated(Runnable done) {
        whenReplaced.add(done);
        phase = Phase.ENDING;
        channel.close();
        if (!awaitsOld) {
            endSession();
        }
    }

    /// Closes now, and says why.
    void drop(String reason) {
        LOG.warn("{} dropped: {}", channel.remoteAddress(), reason);
        enterEnding();
        channel.close();
    }

    /// Ends the session now, lets answers that were given go out, and closes.
    void dismiss(String reason) {
        LOG.warn("{} dismissed: {}", channel.remoteAddress(), reason);
        finish();
    }

    /// Lets what was written go out, then closes.
    private void finish() {
        enterEnding();
        writer.closeAfterFlush();
    }

    private void enterEnding() {
        phase = Phase.ENDING;
        login.end();
        if (!awaitsOld) {
            endSession();
        }
    }

    private void endSession() {
        FullFeature ending = feature;
        if (ending == null) {
            over();
        } else {
            ending.end(this::over);
        }
    }

    /// Nothing of this connection's session is under way any more.
    private void over() {
        shared.sessions.release(key, this);
        List<Runnable> waiting = List.copyOf(whenReplaced);
        whenReplaced.clear();
        waiting.forEach(Runnable::run);
    }

    /// All that the channel had was received: one flush for all answers.
    void readComplete() {
        reading = false;
        channel.flush();
    }

    /// The channel's buffer drained, or filled.
    void writabilityChanged() {
        if (feature != null && channel.isWritable()) {
            feature.writable();
        }
    }

    /// Answers that come outside a read are flushed once per turn of the loop.
    private void planFlush() {
        if (!reading && !flushPlanned) {
            flushPlanned = true;
            shared.loop.execute(
                    () -> {
                        flushPlanned = false;
                        channel.flush();
                    });
        }
    }
}
