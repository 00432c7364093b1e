package lockstep.cli.initiator;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/// Writes PDUs to the channel, digests included, and counts on its caller to flush. A short data
/// segment is copied behind its header; a long one goes as a slice of the caller's buffer.
final class PduWriter {
    private static final int COPY_UP_TO = 16 * 1024;
    private static final ByteBuf PADDING =
            Unpooled.unreleasableBuffer(Unpooled.directBuffer(4).writeInt(0));

    private final Channel channel;
    private final CRC32C crc = new CRC32C();
    private boolean headerDigest;
    private boolean dataDigest;

    PduWriter(Channel channel) {
        this.channel = channel;
    }

    /// From the next PDU on these digests are sent.
    void useDigests(boolean ofHeader, boolean ofData) {
        headerDigest = ofHeader;
        dataDigest = ofData;
    }

    /// A SCSI Command with `immediate` bytes of its data. `last` says that no unsolicited Data-Out
    /// follows.
    void command(ScsiTask task, int immediate, boolean last, int expStatSn) {
        int flags = 0x01; // simple task attribute
        flags |= last ? Bhs.FINAL : 0;
        flags |= task.dataIn != null ? 0x40 : 0;
        flags |= task.dataOut != null ? 0x20 : 0;
        ByteBuf pdu = start(Bhs.SCSI_COMMAND, flags, immediate, task.lun, task.tag);
        pdu.writeInt(task.length).writeInt(task.commandSn).writeInt(expStatSn);
        pdu.writeBytes(task.cdb);
        finish(pdu, task.dataOut, 0, immediate);
    }

    /// One Data-Out with `length` bytes of the task's data from `offset` on.
    void dataOut(
            ScsiTask task,
            int offset,
            int length,
            int transferTag,
            int dataSn,
            boolean last,
            int expStatSn) {
        int flags = last ? Bhs.FINAL : 0;
        ByteBuf pdu = start(Bhs.DATA_OUT, flags, length, task.lun, task.tag);
        pdu.writeInt(transferTag).writeInt(0).writeInt(expStatSn).writeInt(0);
        pdu.writeInt(dataSn).writeInt(offset).writeInt(0);
        finish(pdu, task.dataOut, offset, length);
    }

    /// A Login Request: `flags` holds T, C and both stages.
    void login(int flags, long isidAndTsih, int tag, int cmdSn, int expStatSn, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuf pdu = start(Bhs.LOGIN | Bhs.IMMEDIATE, flags, bytes.length, isidAndTsih, tag);
        pdu.writeInt(0).writeInt(cmdSn).writeInt(expStatSn).writeZero(16);
        withText(pdu, bytes);
    }

    /// A Text Request, whole in one PDU.
    void text(int tag, int transferTag, int cmdSn, int expStatSn, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuf pdu = start(Bhs.TEXT, Bhs.FINAL, bytes.length, 0, tag);
        pdu.writeInt(transferTag).writeInt(cmdSn).writeInt(expStatSn).writeZero(16);
        withText(pdu, bytes);
    }

    /// An immediate NOP-Out: a ping with a tag, or the answer to a ping with a transfer tag.
    void nopOut(long lun, int tag, int transferTag, int cmdSn, int expStatSn) {
        ByteBuf pdu = start(Bhs.NOP_OUT | Bhs.IMMEDIATE, Bhs.FINAL, 0, lun, tag);
        pdu.writeInt(transferTag).writeInt(cmdSn).writeInt(expStatSn).writeZero(16);
        finish(pdu, null, 0, 0);
    }

    /// An immediate task management request.
    void taskManagement(
            int function, long lun, int tag, int refTag, int refCmdSn, int cmdSn, int expStatSn) {
        int opcode = Bhs.TASK_MANAGEMENT | Bhs.IMMEDIATE;
        ByteBuf pdu = start(opcode, Bhs.FINAL | function, 0, lun, tag);
        pdu.writeInt(refTag).writeInt(cmdSn).writeInt(expStatSn).writeInt(refCmdSn).writeZero(12);
        finish(pdu, null, 0, 0);
    }

    /// An immediate Logout of the session.
    void logout(int tag, int cmdSn, int expStatSn) {
        ByteBuf pdu = start(Bhs.LOGOUT | Bhs.IMMEDIATE, Bhs.FINAL, 0, 0, tag);
        pdu.writeInt(0).writeInt(cmdSn).writeInt(expStatSn).writeZero(16);
        finish(pdu, null, 0, 0);
    }

    private ByteBuf start(int opcode, int flags, int dataLength, long lun, int tag) {
        int room = Bhs.LENGTH + 12 + (dataLength <= COPY_UP_TO ? dataLength : 0);
        ByteBuf pdu = channel.alloc().directBuffer(room);
        pdu.writeByte(opcode).writeByte(flags).writeShort(0);
        return pdu.writeInt(dataLength).writeLong(lun).writeInt(tag);
    }

    private void withText(ByteBuf pdu, byte[] bytes) {
        finish(pdu, Unpooled.wrappedBuffer(bytes), 0, bytes.length);
    }

    private void finish(ByteBuf pdu, @Nullable ByteBuf data, int offset, int length) {
        if (headerDigest) {
            pdu.writeIntLE(checksum(pdu.nioBuffer(0, Bhs.LENGTH), 0));
        }
        if (data == null || length == 0) {
            channel.write(pdu, channel.voidPromise());
            return;
        }
        int from = data.readerIndex() + offset;
        int padding = Bhs.padding(length);
        ByteBuf tail = pdu;
        if (length <= COPY_UP_TO) {
            pdu.writeBytes(data, from, length).writeZero(padding);
        } else {
            channel.write(pdu, channel.voidPromise());
            channel.write(data.retainedSlice(from, length), channel.voidPromise());
            tail = channel.alloc().directBuffer(8).writeZero(padding);
        }
        if (dataDigest) {
            tail.writeIntLE(checksum(data.nioBuffer(from, length), padding));
        }
        channel.write(tail, channel.voidPromise());
    }

    private int checksum(ByteBuffer bytes, int padding) {
        crc.reset();
        crc.update(bytes);
        crc.update(PADDING.nioBuffer(0, padding));
        return (int) crc.getValue();
    }
}
