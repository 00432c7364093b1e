package lockstep.target.iscsi.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.target.iscsi.pdu.PduHeader;
import lockstep.target.iscsi.pdu.PduWriter;
import lockstep.target.scsi.SenseData;

import org.jscsi.parser.OperationCode;
import org.jscsi.parser.login.LoginStatus;
import org.jscsi.parser.reject.RejectParser.ReasonCode;
import org.jscsi.parser.scsi.SCSIStatus;
import org.jscsi.parser.tmf.TaskManagementFunctionResponseParser.ResponseCode;

import java.util.function.IntSupplier;

/// Every PDU that this target sends, and the status numbering of its connection. StatSN grows with
/// each PDU that carries a status; R2T, Data-In without status and a ping of ours show the next one
/// without using it. Each PDU tells ExpCmdSN and MaxCmdSN as they are when it is written.
final class Responses {
    private static final int UNDERFLOW = 0x02;
    private static final int OVERFLOW = 0x04;
    private static final int STATUS = 0x01;

    private final PduWriter writer;
    private final Runnable written;
    private IntSupplier expectedCommand = () -> 0;
    private IntSupplier highestCommand = () -> 0;
    private int statusNumber;
    private int rejects;

    /// Writes to `writer` and calls `written` after each PDU.
    Responses(PduWriter writer, Runnable written) {
        this.writer = writer;
        this.written = written;
    }

    /// Where ExpCmdSN and MaxCmdSN come from.
    void numbering(IntSupplier expected, IntSupplier highest) {
        expectedCommand = expected;
        highestCommand = highest;
    }

    /// The StatSN that the next status will have.
    void startStatus(int number) {
        statusNumber = number;
    }

    /// Data that goes with a residual: how much was to move and how much the initiator announced.
    record Residual(int flag, int count) {
        /// The residual of moving `actual` bytes where `announced` were.
        static Residual of(long announced, long actual) {
            int flag = actual == announced ? 0 : actual < announced ? UNDERFLOW : OVERFLOW;
            return new Residual(flag, (int) Math.abs(announced - actual));
        }
    }

    /// One login response; a successful one carries `text`.
    record Login(
            int flags, long sessionBytes, int sessionHandle, int taskTag, LoginStatus status) {}

    void login(Login login, byte[] text) {
        PduHeader header =
                status(OperationCode.LOGIN_RESPONSE)
                        .put8(1, login.flags)
                        .put64(8, login.sessionBytes)
                        .put16(14, login.sessionHandle)
                        .put32(16, login.taskTag)
                        .put16(36, login.status.value());
        send(header, Unpooled.wrappedBuffer(text));
    }

    void scsi(int taskTag, SCSIStatus scsiStatus, Residual residual, int dataNumbers) {
        send(scsiHeader(taskTag, scsiStatus, residual, dataNumbers));
    }

    /// CHECK CONDITION; the data segment is the length of the sense data and the sense data.
    void sense(int taskTag, SenseData sense, Residual residual, int dataNumbers) {
        byte[] fixed = sense.fixed();
        ByteBuf data = Unpooled.buffer(2 + fixed.length);
        data.writeShort(fixed.length).writeBytes(fixed);
        send(scsiHeader(taskTag, SCSIStatus.CHECK_CONDITION, residual, dataNumbers), data);
    }

    private PduHeader scsiHeader(
            int taskTag, SCSIStatus scsiStatus, Residual residual, int dataNumbers) {
        return status(OperationCode.SCSI_RESPONSE)
                .put8(1, PduHeader.FINAL | residual.flag)
                .put8(3, scsiStatus.value())
                .put32(16, taskTag)
                .put32(36, dataNumbers)
                .put32(44, residual.count);
    }

    /// One Data-In without status. `data` is handed over.
    void dataIn(int taskTag, int number, int offset, boolean last, ByteBuf data) {
        PduHeader header =
                numbered(PduHeader.of(OperationCode.SCSI_DATA_IN))
                        .put8(1, last ? PduHeader.FINAL : 0)
                        .put32(16, taskTag)
                        .put32(20, PduHeader.NO_TAG)
                        .put32(36, number)
                        .put32(40, offset);
        send(header, data);
    }

    /// The last Data-In, which carries GOOD. `data` is handed over.
    void dataInWithStatus(int taskTag, int number, int offset, Residual residual, ByteBuf data) {
        PduHeader header =
                status(OperationCode.SCSI_DATA_IN)
                        .put8(1, PduHeader.FINAL | STATUS | residual.flag)
                        .put8(3, SCSIStatus.GOOD.value())
                        .put32(16, taskTag)
                        .put32(20, PduHeader.NO_TAG)
                        .put32(36, number)
                        .put32(40, offset)
                        .put32(44, residual.count);
        send(header, data);
    }

    void readyToTransfer(int taskTag, long lun, DataOut.Burst burst) {
        send(
                showing(OperationCode.R2T)
                        .put64(8, lun)
                        .put32(16, taskTag)
                        .put32(20, burst.transferTag())
                        .put32(36, burst.number())
                        .put32(40, burst.offset())
                        .put32(44, burst.length()));
    }

    /// Answers a ping; `data` (handed over) is what came with it.
    void pong(int taskTag, long lun, ByteBuf data) {
        send(
                status(OperationCode.NOP_IN)
                        .put64(8, lun)
                        .put32(16, taskTag)
                        .put32(20, PduHeader.NO_TAG),
                data);
    }

    /// A ping of ours, to be answered under `transferTag`.
    void ping(int transferTag) {
        send(showing(OperationCode.NOP_IN).put32(16, PduHeader.NO_TAG).put32(20, transferTag));
    }

    void taskManagement(int taskTag, ResponseCode response) {
        send(status(OperationCode.SCSI_TM_RESPONSE).put8(2, response.value()).put32(16, taskTag));
    }

    /// Part of a text answer; `transferTag` is set if more follows.
    void text(int taskTag, int transferTag, boolean more, ByteBuf data) {
        send(
                status(OperationCode.TEXT_RESPONSE)
                        .put8(1, more ? 0x40 : PduHeader.FINAL)
                        .put32(16, taskTag)
                        .put32(20, transferTag),
                data);
    }

    /// Answers a logout; `response` 0 is success.
    void logout(int taskTag, int response) {
        send(status(OperationCode.LOGOUT_RESPONSE).put8(2, response).put32(16, taskTag));
    }

    /// Refuses the PDU of `refused`, whose header goes back.
    void reject(ReasonCode reason, PduHeader refused) {
        rejects++;
        send(
                status(OperationCode.REJECT).put8(2, reason.value()).put32(16, PduHeader.NO_TAG),
                Unpooled.wrappedBuffer(refused.copy(0, PduHeader.BYTES)));
    }

    /// PDUs refused so far.
    int rejects() {
        return rejects;
    }

    private PduHeader status(OperationCode code) {
        PduHeader header = showing(code);
        statusNumber++;
        return header;
    }

    private PduHeader showing(OperationCode code) {
        return numbered(PduHeader.of(code)).put32(24, statusNumber);
    }

    private PduHeader numbered(PduHeader header) {
        return header.put32(28, expectedCommand.getAsInt()).put32(32, highestCommand.getAsInt());
    }

    private void send(PduHeader header) {
        send(header, Unpooled.EMPTY_BUFFER);
    }

    private void send(PduHeader header, ByteBuf data) {
        writer.write(header, data);
        written.run();
    }
}
