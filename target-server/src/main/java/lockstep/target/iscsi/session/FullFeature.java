package lockstep.target.iscsi.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;

import lockstep.target.access.LunMask;
import lockstep.target.iscsi.login.Discovery;
import lockstep.target.iscsi.login.LoginPhase;
import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduHeader;
import lockstep.target.scsi.ScsiTarget;

import org.jscsi.parser.OperationCode;
import org.jscsi.parser.reject.RejectParser.ReasonCode;
import org.jspecify.annotations.Nullable;

/// Full feature phase of a connection: command order, then the switch over request PDUs. In a
/// discovery session there is no [Session], and SCSI requests are refused.
final class FullFeature {
    /// Takes a logout request.
    interface Logout {
        /// `recovery`: the host wants to recover another connection, which this target does not do.
        void requested(PduHeader header, boolean recovery);
    }

    private static final int LOGOUT_REASON = 0x7F;
    private static final int REASON_RECOVERY = 2;

    private final Connection.Shared shared;
    private final Responses responses;
    private final CommandWindow<Pdu> window;
    private final TextExchange text;
    private final Logout logout;
    private final LoginPhase.Complete login;
    private final int initiatorSegmentMax;
    private final @Nullable Session session;
    private final @Nullable TaskManagement management;
    private boolean ended;

    FullFeature(
            Connection.Shared shared,
            Channel channel,
            Responses responses,
            LoginPhase.Complete login,
            LunMask luns,
            String initiatorPort,
            int firstCommand,
            Logout logout) {
        this.shared = shared;
        this.responses = responses;
        this.logout = logout;
        this.login = login;
        this.initiatorSegmentMax = login.parameters().initiatorSegmentMax();
        this.window = new CommandWindow<>(shared.settings().commandWindow(), firstCommand);
        this.text =
                new TextExchange(
                        responses,
                        new Discovery(
                                shared.catalog(),
                                shared.doors(),
                                login.standing(),
                                login.target(),
                                Peer.of(channel).reached()),
                        initiatorSegmentMax);
        Session opened = null;
        TaskManagement managing = null;
        if (login.target() != null) {
            opened =
                    new Session(
                            login.target(),
                            login.target().attach(initiatorPort, luns),
                            login.parameters(),
                            shared.settings(),
                            responses,
                            channel,
                            shared.loop(),
                            shared.metrics());
            managing = new TaskManagement(opened, window, responses, shared.sessions());
        }
        this.session = opened;
        this.management = managing;
    }

    int expectedCommand() {
        return window.expected();
    }

    int highestCommand() {
        return window.highest(session == null ? 0 : session.underWay());
    }

    boolean isStalled(long nowNanos) {
        return session != null && session.isStalled(nowNanos);
    }

    /// Takes the LUNs that the rules give its host now; false if it may not be here any more.
    boolean accessChanged() {
        ScsiTarget target = login.target();
        if (session == null || target == null) {
            return true;
        }
        LunMask luns = Rights.of(shared, login);
        if (luns != null) {
            target.reveal(session.nexus(), luns);
        }
        return luns != null;
    }

    /// Runs `action` when the data that waits to be sent now is on its way.
    void afterData(Runnable action) {
        if (session == null) {
            action.run();
        } else {
            session.afterData(action);
        }
    }

    /// The connection is gone: data that waits to be sent is given back.
    void dropData() {
        if (session != null) {
            session.dropData();
        }
    }

    void writable() {
        if (session != null) {
            session.writable();
        }
    }

    /// Takes a PDU (handed over), puts numbered ones in order; false if the protocol is broken.
    boolean receive(Pdu pdu) {
        PduHeader header = pdu.header();
        if (!isNumbered(header)) {
            return deliver(pdu);
        }
        int number = header.commandNumber();
        if (!window.accepts(number)) {
            pdu.release(); // outside the window, or a duplicate: ignored, RFC 7143 4.2.2.1
            return true;
        }
        window.put(number, pdu);
        Pdu next = window.next();
        while (next != null) {
            if (ended) {
                next.release();
            } else if (!deliver(next)) {
                return false;
            }
            next = window.next();
        }
        return true;
    }

    private static boolean isNumbered(PduHeader header) {
        OperationCode code = header.code();
        return !header.isImmediate()
                && (code == OperationCode.SCSI_COMMAND
                        || code == OperationCode.SCSI_TM_REQUEST
                        || code == OperationCode.TEXT_REQUEST
                        || code == OperationCode.LOGOUT_REQUEST
                        || (code == OperationCode.NOP_OUT && header.taskTag() != PduHeader.NO_TAG));
    }

    private boolean deliver(Pdu pdu) {
        OperationCode code = pdu.header().code();
        if (code == null) {
            return refused(pdu, ReasonCode.COMMAND_NOT_SUPPORTED);
        }
        return switch (code) {
            case SCSI_COMMAND ->
                    session == null
                            ? refused(pdu, ReasonCode.COMMAND_NOT_SUPPORTED)
                            : session.command(pdu);
            case SCSI_DATA_OUT ->
                    session == null
                            ? refused(pdu, ReasonCode.COMMAND_NOT_SUPPORTED)
                            : session.dataOut(pdu);
            case SCSI_TM_REQUEST -> manage(pdu);
            case NOP_OUT -> noOperation(pdu);
            case TEXT_REQUEST -> {
                boolean fine = text.receive(pdu);
                pdu.release();
                yield fine;
            }
            case LOGOUT_REQUEST -> {
                pdu.release();
                int reason = pdu.header().flags() & LOGOUT_REASON;
                logout.requested(pdu.header(), reason == REASON_RECOVERY);
                yield true;
            }
            case SNACK_REQUEST -> refused(pdu, ReasonCode.SNACK_REJECT);
            case LOGIN_REQUEST,
                    NOP_IN,
                    SCSI_RESPONSE,
                    SCSI_TM_RESPONSE,
                    LOGIN_RESPONSE,
                    TEXT_RESPONSE,
                    SCSI_DATA_IN,
                    LOGOUT_RESPONSE,
                    R2T,
                    ASYNC_MESSAGE,
                    REJECT -> {
                pdu.release();
                yield false;
            }
        };
    }

    private boolean manage(Pdu pdu) {
        if (management == null) {
            return refused(pdu, ReasonCode.COMMAND_NOT_SUPPORTED);
        }
        pdu.release();
        management.receive(pdu.header());
        return true;
    }

    /// Without a task tag it is the answer to a ping of ours, or wants none.
    private boolean noOperation(Pdu pdu) {
        PduHeader header = pdu.header();
        if (header.taskTag() == PduHeader.NO_TAG) {
            pdu.release();
            return true;
        }
        int length = Math.min(pdu.data().readableBytes(), initiatorSegmentMax);
        ByteBuf echo = pdu.data().readSlice(length);
        responses.pong(header.taskTag(), header.lun(), echo);
        return true;
    }

    private boolean refused(Pdu pdu, ReasonCode reason) {
        pdu.release();
        shared.metrics().rejected().mark();
        responses.reject(reason, pdu.header());
        return true;
    }

    /// Ends all tasks; `done` runs when none is under way. May be called again, to wait again.
    void end(Runnable done) {
        if (!ended) {
            ended = true;
            shared.metrics().sessions().dec();
            window.drain().forEach(Pdu::release);
        }
        if (session == null) {
            done.run();
        } else {
            session.end(done);
        }
    }
}
