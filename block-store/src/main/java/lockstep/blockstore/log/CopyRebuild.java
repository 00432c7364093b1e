package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Makes a device a copy of the log again: the segments in use are copied, in the others the
/// headers are erased, and only then do both devices say that they are two. A crash in between
/// leaves the device out. Takes as long as the entries that are live are large, not as the device
/// is.
///
/// A device that fails here stays out; the log opens with the other all the same.
final class CopyRebuild {
    private static final int PROBE_BYTES = LogFormat.SEGMENT_HEADER_BYTES + Blocks.SIZE;

    private final LogCopies copies;
    private final BlockDevice target;
    private final SegmentPool pool;
    private final Set<Integer> free;
    private final IoCompletion done;

    CopyRebuild(
            LogCopies copies,
            BlockDevice target,
            SegmentPool pool,
            List<Integer> free,
            IoCompletion done) {
        this.copies = copies;
        this.target = target;
        this.pool = pool;
        this.free = new HashSet<>(free);
        this.done = done;
    }

    void start() {
        // Until it is like the first, nothing on it may look like a newer copy.
        ByteBuffer zeros = ByteBuffer.allocateDirect(2 * Blocks.SIZE);
        target.writeDurably(List.of(new Extent(0, List.of(zeros))), fault -> next(0, fault));
    }

    private void next(int segment, @Nullable IoFault fault) {
        if (fault != null) {
            staysOut(fault);
        } else if (segment == pool.count()) {
            target.flush(this::flushed);
        } else if (free.contains(segment)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(PROBE_BYTES);
            target.write(
                    new Extent(pool.offset(segment), List.of(zeros)),
                    ended -> next(segment + 1, ended));
        } else {
            ByteBuffer bytes = ByteBuffer.allocateDirect(pool.segmentBytes());
            Extent read = new Extent(pool.offset(segment), List.of(bytes.duplicate()));
            Extent write = new Extent(pool.offset(segment), List.of(bytes));
            copies.first()
                    .read(
                            read,
                            unreadable -> {
                                if (unreadable != null) {
                                    staysOut(unreadable);
                                } else {
                                    target.write(write, ended -> next(segment + 1, ended));
                                }
                            });
        }
    }

    private void flushed(@Nullable IoFault fault) {
        if (fault != null) {
            staysOut(fault);
            return;
        }
        copies.join(target);
        copies.say(
                copies.header().next(LogFormat.BOTH),
                ended -> {
                    if (ended == null) {
                        done.ended(null);
                    } else {
                        staysOut(ended);
                    }
                });
    }

    // The one that is left says that it is alone, whatever was written meanwhile.
    private void staysOut(IoFault fault) {
        copies.lose(target, fault, done);
    }
}
