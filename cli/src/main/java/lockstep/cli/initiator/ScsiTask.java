package lockstep.cli.initiator;

import io.netty.buffer.ByteBuf;

import org.jspecify.annotations.Nullable;

/// One SCSI command, before, during and after its way to the target. It can be used again once it
/// ended, so that a steady load makes no garbage.
///
/// The buffers are lent: the session reads `dataOut`, or fills `dataIn`, at absolute indices from
/// their reader and writer index on and moves neither, until the handler is called; the caller owns
/// them throughout.
public final class ScsiTask {
    /// Called once, on the session's loop.
    @FunctionalInterface
    public interface Handler {
        /// `task` may be used again from here on.
        void ended(ScsiTask task, CommandResult result);
    }

    final byte[] cdb = new byte[16];
    long lun;
    int length;
    @Nullable ByteBuf dataOut;
    @Nullable ByteBuf dataIn;

    private Handler handler = (_, _) -> {};

    // What the session keeps while the command is under way.
    boolean inFlight;
    int tag;
    int commandSn;
    int received;
    int nextDataSn;

    /// A task to be filled by one of [Cdb]'s methods.
    public ScsiTask() {}

    /// Who is told the end.
    public ScsiTask whenEnded(Handler whom) {
        handler = whom;
        return this;
    }

    /// Bytes that came in.
    public int received() {
        return received;
    }

    /// The initiator task tag it was last sent with; for task management.
    public int tag() {
        return tag;
    }

    /// The command block, 16 bytes, zero filled; changing it makes a command of one's own.
    public byte[] cdb() {
        return cdb;
    }

    /// Sets up a command without data.
    public ScsiTask noData(int logicalUnit) {
        return prepare(logicalUnit, 0, null, null);
    }

    /// Sets up a command that takes `bytes` bytes from `from`'s reader index on.
    public ScsiTask dataOut(int logicalUnit, ByteBuf from, int bytes) {
        return prepare(logicalUnit, bytes, from, null);
    }

    /// Sets up a command that puts up to `bytes` bytes at `into`'s writer index.
    public ScsiTask dataIn(int logicalUnit, ByteBuf into, int bytes) {
        return prepare(logicalUnit, bytes, null, into);
    }

    private ScsiTask prepare(
            int logicalUnit, int bytes, @Nullable ByteBuf from, @Nullable ByteBuf into) {
        if (inFlight) {
            throw new IllegalStateException("a task is reused before it ended");
        }
        if ((from != null && from.capacity() - from.readerIndex() < bytes)
                || (into != null && into.capacity() - into.writerIndex() < bytes)) {
            throw new IllegalArgumentException("the buffer has no " + bytes + " bytes");
        }
        // Peripheral addressing below 256, flat space addressing above (SAM-5 section 4.7).
        long first = logicalUnit < 256 ? logicalUnit : 0x4000 | logicalUnit;
        lun = first << 48;
        length = bytes;
        dataOut = from;
        dataIn = into;
        received = 0;
        nextDataSn = 0;
        return this;
    }

    void end(CommandResult result) {
        inFlight = false;
        handler.ended(this, result);
    }
}
