package lockstep.blockstore.volume;

import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.LogStream;

/// How much of this node's log a mirror takes, for all that its source may do.
///
/// The source is told, and keeps to it from when it hears. What it had sequenced before was within
/// what it was told before, so less is enforced only after two consistency points: the second one
/// began its half when the source knew, and voids all that is older.
public final class LogAllowance {
    // The last segment of each half is not full, and one entry is always taken.
    private static final int HALVES = 3;

    private final LogStream log;
    private final int segmentBytes;
    private long toldBytes = Long.MAX_VALUE;
    private long enforcedBytes = Long.MAX_VALUE;
    private int commitsLeft;

    LogAllowance(LogStream log) {
        this.log = log;
        this.segmentBytes = log.segmentBytes();
    }

    /// The source is told that its entries may take `bytes`, which are kept for them.
    public void tell(long bytes) {
        toldBytes = bytes;
        log.guarantee(bytes);
        if (bytes >= enforcedBytes) {
            enforcedBytes = bytes;
            commitsLeft = 0;
        } else {
            commitsLeft = 2;
        }
    }

    /// A consistency point was committed, and the log before it is void.
    void committed() {
        if (commitsLeft > 0) {
            commitsLeft--;
            enforcedBytes = commitsLeft == 0 ? toldBytes : enforcedBytes;
        }
    }

    /// Whether `borrowed` is within it, and there is room for it in half `half`.
    boolean admits(long half, LogEntry borrowed) {
        long bytes = EntryCodec.encodedLength(borrowed);
        return log.roomFor(half, bytes) && allows(bytes);
    }

    private boolean allows(long bytes) {
        long slack = EntryCodec.MAX_ENTRY_BYTES + (long) HALVES * segmentBytes;
        return log.heldBytes() - slack <= enforcedBytes - bytes;
    }
}
