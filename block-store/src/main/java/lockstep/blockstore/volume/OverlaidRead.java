package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;

import java.nio.ByteBuffer;

/// One read of a [TestClone]: blocks that the scratch has from there, all else from the base.
final class OverlaidRead {
    private final Lun base;
    private final Lun scratch;
    private final long offset;
    private final ByteBuffer into;
    private final Outcome.Handler done;

    OverlaidRead(Lun base, Lun scratch, long offset, ByteBuffer into, Outcome.Handler done) {
        this.base = base;
        this.scratch = scratch;
        this.offset = offset;
        this.into = into;
        this.done = done;
    }

    void run() {
        long first = Blocks.toBytes(Blocks.containing(offset));
        long end = Blocks.toBytes(Blocks.roundUp(offset + into.remaining()));
        new ExtentRuns(scratch, first, into.hasRemaining() ? end : first, this::read, done).run();
    }

    private void read(LunExtent run, Outcome.Handler next) {
        long from = Math.max(run.offset(), offset);
        long to = Math.min(run.offset() + run.length(), offset + into.remaining());
        int at = into.position() + (int) (from - offset);
        ByteBuffer part = into.slice(at, (int) (to - from));
        (run.mapped() ? scratch : base).read(from, part, next);
    }
}
