package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogFormat.LogHeader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/// Makes an empty log: zeros everywhere, a flush, and only then the headers, so an interrupted run
/// leaves no log rather than half of one.
final class LogFormatting {
    private static final int STEP_BYTES = 1 << 20;

    private final BlockDevice device;
    private final LogHeader header;
    private final IoCompletion done;
    private final ByteBuffer zeros = ByteBuffer.allocateDirect(STEP_BYTES);

    /// `both` if this is one of two copies.
    LogFormatting(
            BlockDevice device, int segmentBytes, long logId, boolean both, IoCompletion done) {
        boolean sane =
                segmentBytes >= LogFormat.MIN_SEGMENT_BYTES
                        && segmentBytes <= LogFormat.MAX_SEGMENT_BYTES
                        && Blocks.isAligned(segmentBytes);
        Check.that(sane, "segments are whole blocks, 16 KiB to 64 MiB", segmentBytes, 0);
        this.device = device;
        LogHeader single = new LogHeader(segmentBytes, logId);
        this.header = both ? single.next(LogFormat.BOTH) : single;
        this.done = done;
    }

    void start() {
        long smallest = LogFormat.SEGMENTS_AT + 2L * header.segmentBytes();
        if (device.size() < smallest) {
            String reason = "a log of two segments needs " + smallest + " bytes";
            done.ended(new IoFault(device.name(), "format", reason));
            return;
        }
        zero(0, null);
    }

    private void zero(long offset, @Nullable IoFault fault) {
        if (fault != null) {
            done.ended(fault);
        } else if (offset == device.size()) {
            device.flush(this::flushed);
        } else {
            int length = (int) Math.min(STEP_BYTES, device.size() - offset);
            Extent extent = new Extent(offset, List.of(zeros.slice(0, length)));
            device.write(extent, ended -> zero(offset + length, ended));
        }
    }

    private void flushed(@Nullable IoFault fault) {
        if (fault != null) {
            done.ended(fault);
            return;
        }
        ByteBuffer block = ByteBuffer.allocateDirect(Blocks.SIZE);
        LogFormat.encode(header, block);
        List<ByteBuffer> twice = List.of(block.duplicate(), block.duplicate());
        device.writeDurably(List.of(new Extent(0, twice)), done);
    }
}
