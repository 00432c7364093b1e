package lockstep.target.iscsi.session;

import lockstep.target.iscsi.pdu.PduHeader;
import lockstep.target.scsi.ScsiTask;

import org.jspecify.annotations.Nullable;

/// One SCSI command of a session between its PDU and its answer: what the initiator said about it,
/// the data gathered so far, and what the device makes of it.
final class Task {
    private static final int READ = 0x40;
    private static final int WRITE = 0x20;

    private final int tag;
    private final long lun;
    private final long expectedBytes;
    private final int flags;
    private final long begunNanos;
    private long lastProgressNanos;
    private boolean admitted;
    private @Nullable ScsiTask device;
    private @Nullable DataOut dataOut;

    /// The command in `header`.
    Task(PduHeader header, long nowNanos) {
        this.tag = header.taskTag();
        this.lun = header.lun();
        this.expectedBytes = header.i32(20) & 0xFFFF_FFFFL;
        this.flags = header.flags();
        this.begunNanos = nowNanos;
        this.lastProgressNanos = nowNanos;
    }

    void opened(ScsiTask opened, DataOut gathering) {
        device = opened;
        dataOut = gathering;
    }

    int tag() {
        return tag;
    }

    long lun() {
        return lun;
    }

    /// Bytes that the initiator will send.
    long expectedOut() {
        return (flags & WRITE) != 0 ? expectedBytes : 0;
    }

    /// Bytes that the initiator has room for.
    long expectedIn() {
        return (flags & READ) != 0 ? expectedBytes : 0;
    }

    /// Bytes announced, in whichever direction.
    long expected() {
        return (flags & (READ | WRITE)) != 0 ? expectedBytes : 0;
    }

    ScsiTask device() {
        if (device == null) {
            throw new IllegalStateException("a task is opened before it is used");
        }
        return device;
    }

    DataOut dataOut() {
        if (dataOut == null) {
            throw new IllegalStateException("a task is opened before it is used");
        }
        return dataOut;
    }

    /// Bytes of memory it needs in all.
    int cost() {
        return (int) Math.min((long) device().dataOutBytes() + device().readBytes(), 1 << 30);
    }

    boolean isAdmitted() {
        return admitted;
    }

    void admitted(boolean now) {
        admitted = now;
    }

    /// When its command came.
    long begunNanos() {
        return begunNanos;
    }

    long lastProgressNanos() {
        return lastProgressNanos;
    }

    void progressed(long nowNanos) {
        lastProgressNanos = nowNanos;
    }
}
