package lockstep.target.iscsi.session;

import lockstep.target.iscsi.pdu.PduHeader;

import org.jscsi.parser.OperationCode;

/// Ends a session that keeps this target busy with requests that cost the host nothing: pings, task
/// management, text, and whatever is rejected. Commands and their data are bounded by the command
/// window and need no guard.
final class FloodGuard {
    /// Such requests in one second. A host sends a few.
    static final int REQUESTS_MAX = 2000;

    /// Requests in one second that had to be rejected. A host sends none.
    static final int REJECTS_MAX = 100;

    private static final long SECOND_NANOS = 1_000_000_000L;

    private long secondBegan;
    private int requests;
    private int rejects;
    private int rejectsSeen;

    /// A guard that begins to count at `now`.
    FloodGuard(long now) {
        secondBegan = now;
    }

    /// Whether the request in `header`, which came at `now`, is one too many. `rejected` counts all
    /// rejects of the connection so far.
    boolean isFlood(PduHeader header, int rejected, long now) {
        if (now - secondBegan > SECOND_NANOS) {
            secondBegan = now;
            requests = 0;
            rejects = 0;
        }
        rejects += rejected - rejectsSeen;
        rejectsSeen = rejected;
        OperationCode code = header.code();
        if (code != OperationCode.SCSI_COMMAND && code != OperationCode.SCSI_DATA_OUT) {
            requests++;
        }
        return requests > REQUESTS_MAX || rejects > REJECTS_MAX;
    }
}
