package lockstep.target.iscsi.session;

import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduHeader;
import lockstep.target.scsi.ManagementFunction;

import org.jscsi.parser.tmf.TaskManagementFunctionRequestParser.FunctionCode;
import org.jscsi.parser.tmf.TaskManagementFunctionResponseParser.ResponseCode;

/// Task management requests of one session (RFC 7143 11.5). The response goes out after the last
/// task that the function aborts is over.
final class TaskManagement {
    private static final int FUNCTION = 0x7F;

    private final Session session;
    private final CommandWindow<Pdu> window;
    private final Responses responses;
    private final SessionTable sessions;

    TaskManagement(
            Session session,
            CommandWindow<Pdu> window,
            Responses responses,
            SessionTable sessions) {
        this.session = session;
        this.window = window;
        this.responses = responses;
        this.sessions = sessions;
    }

    /// Carries the request in `header` out.
    void receive(PduHeader header) {
        FunctionCode function = FunctionCode.valueOf((byte) (header.flags() & FUNCTION));
        if (function == null) {
            answer(header, ResponseCode.TASK_MANAGEMENT_FUNCTION_NOT_SUPPORTED);
            return;
        }
        switch (function) {
            case ABORT_TASK -> abortTask(header);
            case ABORT_TASK_SET ->
                    manage(header, new ManagementFunction.AbortTaskSet(header.lun()));
            case CLEAR_TASK_SET ->
                    manage(header, new ManagementFunction.ClearTaskSet(header.lun()));
            case LUN_RESET -> manage(header, new ManagementFunction.LogicalUnitReset(header.lun()));
            case TARGET_WARM_RESET -> manage(header, new ManagementFunction.TargetReset());
            case TARGET_COLD_RESET -> coldReset(header);
            case TASK_REASSIGN ->
                    answer(header, ResponseCode.TASK_ALLEGIANCE_REASSIGNMENT_NOT_SUPPORTED);
            case CLEAR_ACA, UNSET ->
                    answer(header, ResponseCode.TASK_MANAGEMENT_FUNCTION_NOT_SUPPORTED);
        }
    }

    /// A task that is not known may be one that never arrived: if its CmdSN is in the window it is
    /// counted as received and will not be carried out when it comes.
    private void abortTask(PduHeader header) {
        Task task = session.find(header.i32(20));
        if (task != null) {
            task.device().abort(() -> answer(header, ResponseCode.FUNCTION_COMPLETE));
            return;
        }
        int reference = header.i32(32);
        boolean notReceived =
                reference - window.expected() >= 0 && header.commandNumber() - reference > 0;
        if (notReceived) {
            Pdu waiting = window.abandon(reference);
            if (waiting != null) {
                waiting.release();
            }
            answer(header, ResponseCode.FUNCTION_COMPLETE);
        } else {
            answer(header, ResponseCode.TASK_DOES_NOT_EXIST);
        }
    }

    private void manage(PduHeader header, ManagementFunction function) {
        session.target()
                .manage(
                        session.nexus(),
                        function,
                        response ->
                                answer(
                                        header,
                                        switch (response) {
                                            case COMPLETE -> ResponseCode.FUNCTION_COMPLETE;
                                            case NO_SUCH_LUN -> ResponseCode.LUN_DOES_NOT_EXIST;
                                        }));
    }

    /// As a warm reset, and every session of the target ends after the answer.
    private void coldReset(PduHeader header) {
        session.target()
                .manage(
                        session.nexus(),
                        new ManagementFunction.TargetReset(),
                        _ -> {
                            answer(header, ResponseCode.FUNCTION_COMPLETE);
                            session.afterData(() -> sessions.dropAll(session.target()));
                        });
    }

    private void answer(PduHeader header, ResponseCode response) {
        session.afterData(() -> responses.taskManagement(header.taskTag(), response));
    }
}
