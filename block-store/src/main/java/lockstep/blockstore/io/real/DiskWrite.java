package lockstep.blockstore.io.real;

import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoCompletion;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// One write of one disk; `alone` has the disk's own threads do it.
final class DiskWrite {
    /// Where it goes.
    final WriteQueue file;

    final Operation operation;

    /// What it consists of.
    final List<Extent> extents;

    /// Bytes of each extent, as they were lent: a buffer that was given up may be anybody's.
    final int[] lengths;

    /// Bytes of all of them.
    final int bytes;

    /// Extents that have begun, or will, and have not ended. For who has the bundle's monitor.
    int left;

    /// Something of it is not written. For who has the bundle's monitor.
    boolean spoiled;

    private final IoCompletion done;
    private final Runnable alone;
    private final AtomicBoolean taken = new AtomicBoolean();

    DiskWrite(
            WriteQueue file,
            Operation operation,
            List<Extent> extents,
            IoCompletion done,
            Runnable alone) {
        this.file = file;
        this.operation = operation;
        this.extents = extents;
        this.lengths =
                extents.stream().mapToInt(extent -> Math.toIntExact(extent.length())).toArray();
        this.bytes = Arrays.stream(lengths).sum();
        this.done = done;
        this.alone = alone;
    }

    /// Whether it is the caller's now: of the thread that begins it, or of the loop, which does not
    /// wait for that any more.
    boolean take() {
        return taken.compareAndSet(false, true);
    }

    /// The disk's own threads do it from the beginning. None of it is under way.
    void goAlone() {
        alone.run();
    }

    /// On the loop: all of it is written.
    void tell() {
        if (operation.end()) {
            done.ended(null);
        }
    }
}
