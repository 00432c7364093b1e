package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;

import java.nio.ByteBuffer;

/// Copies blocks that the scratch of a [TestClone] does not have from its base, so that a command
/// that needs what was there can be the scratch's own. Whoever asks holds the blocks.
final class CopyUp {
    private static final int BYTES_AT_ONCE = 1 << 18;

    private final Lun base;
    private final Lun scratch;

    CopyUp(Lun base, Lun scratch) {
        this.base = base;
        this.scratch = scratch;
    }

    /// Copies the blocks of which the range covers only a part.
    void edges(long offset, long length, Outcome.Handler done) {
        long end = offset + length;
        long firstWhole = Blocks.toBytes(Blocks.roundUp(offset));
        long lastWhole = Blocks.toBytes(Blocks.containing(end));
        if (lastWhole < firstWhole) {
            copy(lastWhole, firstWhole, done); // It lies in one block.
            return;
        }
        copy(
                Blocks.toBytes(Blocks.containing(offset)),
                firstWhole,
                TestClone.ifDone(
                        done, () -> copy(lastWhole, Blocks.toBytes(Blocks.roundUp(end)), done)));
    }

    /// Copies all blocks that the range touches.
    void all(long offset, long length, Outcome.Handler done) {
        copy(
                Blocks.toBytes(Blocks.containing(offset)),
                Blocks.toBytes(Blocks.roundUp(offset + length)),
                done);
    }

    private void copy(long from, long end, Outcome.Handler done) {
        new ExtentRuns(scratch, from, end, this::lacking, done).run();
    }

    private void lacking(LunExtent run, Outcome.Handler next) {
        if (run.mapped()) {
            next.ended(Outcome.done());
        } else {
            long end = run.offset() + run.length();
            new ExtentRuns(base, run.offset(), end, this::kept, next).run();
        }
    }

    private void kept(LunExtent run, Outcome.Handler next) {
        if (run.mapped()) {
            pieces(run.offset(), run.offset() + run.length(), next);
        } else {
            next.ended(Outcome.done());
        }
    }

    private void pieces(long at, long end, Outcome.Handler done) {
        if (at == end) {
            done.ended(Outcome.done());
            return;
        }
        int bytes = (int) Math.min(BYTES_AT_ONCE, end - at);
        ByteBuffer piece = ByteBuffer.allocate(bytes);
        Outcome.Handler written = TestClone.ifDone(done, () -> pieces(at + bytes, end, done));
        base.read(
                at,
                piece,
                TestClone.ifDone(
                        done, () -> scratch.write(at, IoBuffer.unpooled(piece.clear()), written)));
    }
}
