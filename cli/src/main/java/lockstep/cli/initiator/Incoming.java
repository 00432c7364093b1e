package lockstep.cli.initiator;

import io.netty.buffer.ByteBuf;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// The answering half of a session: places read data, ends tasks, and holds the target to the
/// rules. Whatever it did wrong closes the connection with a reason that says so.
final class Incoming implements PduReader.Sink {
    private static final int OVERFLOW = 0x04;
    private static final int UNDERFLOW = 0x02;
    private static final int STATUS_PRESENT = 0x01;
    private static final byte[] NOTHING = new byte[0];

    private final IscsiSession session;
    private final Numbers numbers;
    private final Login login;

    // The PDU under way: its header belongs to the reader and holds until end().
    private ByteBuffer header = ByteBuffer.allocate(Bhs.LENGTH);
    private @Nullable ScsiTask reading;
    private int placeAt;
    private byte[] gathered = NOTHING;
    private int gatheredLength;

    Incoming(IscsiSession session, Numbers numbers, Login login) {
        this.session = session;
        this.numbers = numbers;
        this.login = login;
    }

    @Override
    public void header(ByteBuffer borrowedHeader, int length) throws ProtocolException {
        session.readBegins();
        header = borrowedHeader;
        reading = null;
        if (opcode() == Bhs.DATA_IN) {
            reading = dataInTask(length);
            placeAt = header.getInt(Bhs.OFFSET_AT);
        } else {
            gathered = length == 0 ? NOTHING : new byte[length];
            gatheredLength = 0;
        }
    }

    @Override
    public void data(ByteBuf borrowed, int count) {
        ScsiTask task = reading;
        if (task == null) {
            borrowed.getBytes(borrowed.readerIndex(), gathered, gatheredLength, count);
            gatheredLength += count;
            return;
        }
        ByteBuf into = task.dataIn;
        if (into != null) {
            borrowed.getBytes(
                    borrowed.readerIndex(), into.nioBuffer(into.writerIndex() + placeAt, count));
            placeAt += count;
            task.received += count;
        }
    }

    @Override
    public void end() throws ProtocolException {
        numbers.window(header);
        switch (opcode()) {
            case Bhs.DATA_IN -> dataInEnd();
            case Bhs.SCSI_RESPONSE -> response();
            case Bhs.R2T -> readyToTransfer();
            case Bhs.NOP_IN -> nopIn();
            case Bhs.REJECT -> reject();
            case Bhs.LOGIN_RESPONSE -> {
                numbers.status(header);
                login.response(header, gathered);
            }
            case Bhs.TEXT_RESPONSE, Bhs.TASK_MANAGEMENT_RESPONSE, Bhs.LOGOUT_RESPONSE -> {
                numbers.status(header);
                session.controlAnswered(header.getInt(Bhs.TAG_AT), header, gathered);
            }
            case Bhs.ASYNC_MESSAGE -> {
                numbers.status(header);
                int event = header.get(36) & 0xff;
                if (event >= 1 && event <= 3) {
                    throw new ProtocolException("the target asked to end (event " + event + ")");
                }
            }
            default -> throw new ProtocolException("opcode " + Integer.toHexString(opcode()));
        }
    }

    @Override
    public void readComplete() {
        session.readComplete();
    }

    @Override
    public void closed(String reason) {
        login.closed(reason);
        session.closed(reason);
    }

    private int opcode() {
        return header.get(0) & 0x3f;
    }

    private ScsiTask taskOfPdu() throws ProtocolException {
        ScsiTask task = session.find(header.getInt(Bhs.TAG_AT));
        if (task == null) {
            throw new ProtocolException("an answer to a task that is not under way");
        }
        return task;
    }

    private ScsiTask dataInTask(int length) throws ProtocolException {
        ScsiTask task = taskOfPdu();
        long offset = Integer.toUnsignedLong(header.getInt(Bhs.OFFSET_AT));
        if (task.dataIn == null || offset + length > task.length) {
            throw new ProtocolException(
                    "Data-In of " + length + " at " + offset + " for a task of " + task.length);
        }
        if (offset != task.received) {
            throw new ProtocolException("Data-In out of order: offset " + offset);
        }
        if (header.getInt(Bhs.DATA_SN_AT) != task.nextDataSn++) {
            throw new ProtocolException("DataSN " + header.getInt(Bhs.DATA_SN_AT) + " not in turn");
        }
        return task;
    }

    private void dataInEnd() throws ProtocolException {
        int flags = header.get(Bhs.FLAGS_AT);
        if ((flags & STATUS_PRESENT) != 0) {
            numbers.status(header);
            endTask(taskOfPdu(), header.get(Bhs.STATUS_AT) & 0xff, residual(flags), null);
        }
    }

    private void response() throws ProtocolException {
        numbers.status(header);
        ScsiTask task = taskOfPdu();
        int code = header.get(Bhs.RESPONSE_AT) & 0xff;
        if (code != 0) {
            session.answered(task, new CommandResult.Unknown("target failure " + code));
            return;
        }
        int senseLength = gathered.length < 2 ? 0 : ByteBuffer.wrap(gathered).getShort(0) & 0xffff;
        if (senseLength > gathered.length) {
            throw new ProtocolException("a sense length beyond its segment");
        }
        Sense sense =
                senseLength == 0
                        ? null
                        : Sense.parse(
                                ByteBuffer.wrap(
                                        gathered, 2, Math.min(senseLength, gathered.length - 2)));
        int flags = header.get(Bhs.FLAGS_AT);
        endTask(task, header.get(Bhs.STATUS_AT) & 0xff, residual(flags), sense);
    }

    private int residual(int flags) {
        int count = header.getInt(Bhs.RESIDUAL_AT);
        return (flags & UNDERFLOW) != 0 ? count : (flags & OVERFLOW) != 0 ? -count : 0;
    }

    private void endTask(ScsiTask task, int status, int residual, @Nullable Sense sense)
            throws ProtocolException {
        if (status == CommandResult.GOOD && residual == 0) {
            if (task.dataIn != null && task.received != task.length) {
                throw new ProtocolException(
                        "GOOD with " + task.received + " of " + task.length + " bytes");
            }
            session.answered(task, CommandResult.good());
        } else {
            session.answered(task, new CommandResult.Answered(status, residual, sense));
        }
    }

    private void readyToTransfer() throws ProtocolException {
        ScsiTask task = taskOfPdu();
        long offset = Integer.toUnsignedLong(header.getInt(Bhs.OFFSET_AT));
        long length = Integer.toUnsignedLong(header.getInt(Bhs.RESIDUAL_AT));
        boolean fits = length > 0 && offset + length <= task.length;
        if (task.dataOut == null || !fits || length > session.parameters().maxBurst()) {
            throw new ProtocolException(
                    "R2T of " + length + " at " + offset + " for a task of " + task.length);
        }
        session.sendData(task, (int) offset, (int) length, header.getInt(Bhs.TRANSFER_TAG_AT));
    }

    // A NOP-In with our tag answers a ping; one with a transfer tag is a ping.
    private void nopIn() throws ProtocolException {
        if (header.getInt(Bhs.TAG_AT) != Bhs.NO_TAG) {
            numbers.status(header);
            session.controlAnswered(header.getInt(Bhs.TAG_AT), header, gathered);
        } else if (header.getInt(Bhs.TRANSFER_TAG_AT) != Bhs.NO_TAG) {
            session.pinged(header.getLong(Bhs.LUN_AT), header.getInt(Bhs.TRANSFER_TAG_AT));
        }
    }

    // The data segment of a Reject is the header of what was refused.
    private void reject() throws ProtocolException {
        numbers.status(header);
        int reason = header.get(Bhs.RESPONSE_AT) & 0xff;
        boolean whole = gathered.length >= Bhs.LENGTH;
        ScsiTask task = whole ? session.find(ByteBuffer.wrap(gathered).getInt(Bhs.TAG_AT)) : null;
        if (task == null) {
            throw new ProtocolException("the target rejected a PDU, reason " + reason);
        }
        session.answered(task, new CommandResult.Rejected(reason));
    }
}
