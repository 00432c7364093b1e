package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;

import java.nio.ByteBuffer;

/// Makes a range of a [TestClone] read as zeros. Where the base has something, zeros are written to
/// the scratch, for a block without space there would be the base's; where it has nothing the
/// scratch's space is given back. Whoever asks holds the blocks, and has copied those of which the
/// range covers only a part.
final class ZeroFill {
    private static final int BYTES_AT_ONCE = 1 << 20;

    private final Lun base;
    private final Lun scratch;

    ZeroFill(Lun base, Lun scratch) {
        this.base = base;
        this.scratch = scratch;
    }

    void fill(long offset, long length, Outcome.Handler done) {
        long end = offset + length;
        long firstWhole = Blocks.toBytes(Blocks.roundUp(offset));
        long lastWhole = Blocks.toBytes(Blocks.containing(end));
        if (lastWhole < firstWhole) {
            write(offset, end, done);
            return;
        }
        Outcome.Handler last = TestClone.ifDone(done, () -> write(lastWhole, end, done));
        ExtentRuns middle = new ExtentRuns(base, firstWhole, lastWhole, this::whole, last);
        write(offset, firstWhole, TestClone.ifDone(done, middle::run));
    }

    private void whole(LunExtent run, Outcome.Handler next) {
        if (run.mapped()) {
            write(run.offset(), run.offset() + run.length(), next);
        } else {
            scratch.unmap(run.offset(), run.length(), next);
        }
    }

    private void write(long at, long end, Outcome.Handler done) {
        if (at == end) {
            done.ended(Outcome.done());
            return;
        }
        int bytes = (int) Math.min(BYTES_AT_ONCE, end - at);
        scratch.write(
                at,
                IoBuffer.unpooled(ByteBuffer.allocate(bytes)),
                TestClone.ifDone(done, () -> write(at + bytes, end, done)));
    }
}
