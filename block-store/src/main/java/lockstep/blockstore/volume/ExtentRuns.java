package lockstep.blockstore.volume;

import lockstep.blockstore.base.Outcome;

import java.util.List;

/// Goes over a range of a LUN, run by run of blocks that all hold space or all hold none. It stops
/// at the first thing that does not end in done.
final class ExtentRuns {
    /// As many runs are looked at before the loop does something else.
    private static final int AT_ONCE = 64;

    /// Takes a run, and calls `next` when the one behind it may come.
    interface Taker {
        void take(LunExtent run, Outcome.Handler next);
    }

    private final Lun lun;
    private final long end;
    private final Taker taker;
    private final Outcome.Handler done;
    private long at;

    /// From byte `from` to byte `end`, both at the border of a block.
    ExtentRuns(Lun lun, long from, long end, Taker taker, Outcome.Handler done) {
        this.lun = lun;
        this.at = from;
        this.end = end;
        this.taker = taker;
        this.done = done;
    }

    void run() {
        if (at >= end) {
            done.ended(Outcome.done());
            return;
        }
        lun.extents(
                at,
                AT_ONCE,
                (outcome, extents) -> {
                    if (!outcome.isDone()) {
                        done.ended(outcome);
                    } else if (extents.isEmpty()) {
                        done.ended(new Outcome.OutOfRange());
                    } else {
                        next(extents, 0);
                    }
                });
    }

    private void next(List<LunExtent> extents, int index) {
        if (index == extents.size() || at >= end) {
            run();
            return;
        }
        LunExtent extent = extents.get(index);
        long length = Math.min(extent.length(), end - at);
        LunExtent run = new LunExtent(at, length, extent.mapped());
        at += length;
        taker.take(run, TestClone.ifDone(done, () -> next(extents, index + 1)));
    }
}
