package lockstep.target.iscsi.session;

import lockstep.target.iscsi.login.LoginPhase;
import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduHeader;

import org.jscsi.parser.OperationCode;
import org.jscsi.parser.login.LoginStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The turns of one connection's login: what [LoginPhase] makes of a request goes out at once, or
/// later where logins like it have failed.
final class LoginTurns {
    private static final Logger LOG = LoggerFactory.getLogger(LoginTurns.class);

    /// What the connection does next.
    interface Next {
        /// The login is whole but for its last answer.
        void complete(PduHeader header, LoginPhase.Complete complete);

        /// Everything is said: what was written goes out, and the connection closes.
        void finish();

        /// The connection closes at once.
        void drop(String reason);
    }

    private final Connection.Shared shared;
    private final Object from;
    private final Responses responses;
    private final LoginPhase login;
    private final Next next;
    private boolean held;
    private boolean over;

    /// The login of a host at `peer`; `from` names it in the log.
    LoginTurns(Connection.Shared shared, Peer peer, Object from, Responses responses, Next next) {
        this.shared = shared;
        this.from = from;
        this.responses = responses;
        this.next = next;
        this.login =
                new LoginPhase(
                        shared.catalog(),
                        shared.doors(),
                        shared.settings(),
                        peer.address(),
                        peer.isLoopback());
    }

    /// Takes a PDU (handed over).
    void receive(Pdu pdu) {
        PduHeader header = pdu.header();
        if (held) {
            pdu.release();
            next.drop("a request before the last was answered");
            return;
        }
        LoginPhase.Step step =
                header.code() == OperationCode.LOGIN_REQUEST && header.u16(14) != 0
                        ? new LoginPhase.Failed(
                                LoginStatus.SESSION_DOSE_NOT_EXIST, false, "no such session")
                        : login.receive(pdu);
        pdu.release();
        int number = header.commandNumber();
        responses.numbering(() -> number, () -> number + shared.settings().commandWindow() - 1);
        proceed(header, step);
    }

    private void proceed(PduHeader header, LoginPhase.Step step) {
        switch (step) {
            case LoginPhase.Reply(int flags, byte[] text) ->
                    answer(header, flags, 0, LoginStatus.SUCCESS, text);
            case LoginPhase.Failed(_, boolean silent, _) when silent -> next.drop("no iSCSI login");
            case LoginPhase.Failed(var status, _, var reason) -> refuse(header, status, reason);
            case LoginPhase.Complete complete -> next.complete(header, complete);
            case LoginPhase.Delayed(long nanos, var then) -> {
                held = true;
                shared.loop()
                        .clock()
                        .schedule(
                                nanos,
                                () -> {
                                    held = false;
                                    if (!over) {
                                        proceed(header, then);
                                    }
                                });
            }
        }
    }

    /// Answers with `status`, and ends the connection.
    void refuse(PduHeader header, LoginStatus status, String reason) {
        shared.metrics().refusedLogins().mark();
        LOG.info("{} refused: {}: {}", from, status, reason);
        answer(header, 0, 0, status, new byte[0]);
        next.finish();
    }

    /// Answers the request in `asked`.
    void answer(PduHeader asked, int flags, int handle, LoginStatus status, byte[] text) {
        long sessionBytes = asked.lun() & ~0xFFFFL;
        responses.login(
                new Responses.Login(flags, sessionBytes, handle, asked.taskTag(), status), text);
    }

    /// The connection is ending: nothing is answered any more.
    void end() {
        over = true;
    }
}
