package lockstep.cli.initiator;

import java.nio.ByteBuffer;

/// The three sequence numbers of a session: which CmdSN is next, how far the target lets us go, and
/// which StatSN must come next. All wrap at 32 bits and are compared by distance.
final class Numbers {
    private int cmdSn;
    private int maxCmdSn;
    private int expStatSn;
    private boolean anyStatus;

    Numbers(int firstCmdSn) {
        cmdSn = firstCmdSn;
        maxCmdSn = firstCmdSn;
    }

    /// The CmdSN that the next command will have; immediate PDUs show it without using it.
    int cmdSn() {
        return cmdSn;
    }

    /// Takes the next CmdSN.
    int takeCmdSn() {
        return cmdSn++;
    }

    /// Whether one more command fits the target's window.
    boolean windowOpen() {
        return maxCmdSn - cmdSn >= 0;
    }

    /// The StatSN that we acknowledge all before.
    int expStatSn() {
        return expStatSn;
    }

    /// Takes ExpCmdSN and MaxCmdSN of any PDU; older ones than seen say nothing new.
    void window(ByteBuffer header) {
        int expected = header.getInt(Bhs.EXP_CMD_SN_AT);
        int max = header.getInt(Bhs.MAX_CMD_SN_AT);
        if (max - (expected - 1) >= 0 && max - maxCmdSn > 0) {
            maxCmdSn = max;
        }
    }

    /// Takes the StatSN of a PDU that carries a status: each must follow the one before.
    void status(ByteBuffer header) throws ProtocolException {
        int statSn = header.getInt(Bhs.STAT_SN_AT);
        if (anyStatus && statSn != expStatSn) {
            throw new ProtocolException("StatSN " + statSn + " where " + expStatSn + " is next");
        }
        anyStatus = true;
        expStatSn = statSn + 1;
    }
}
