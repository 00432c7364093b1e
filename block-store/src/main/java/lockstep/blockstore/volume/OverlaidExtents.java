package lockstep.blockstore.volume;

import java.util.ArrayList;
import java.util.List;

/// Which blocks of a [TestClone] hold space: those that do in the scratch or in the base.
final class OverlaidExtents {
    private final Lun base;
    private final Lun scratch;
    private final long offset;
    private final int extentsMax;
    private final LunExtent.Handler done;

    OverlaidExtents(Lun base, Lun scratch, long offset, int extentsMax, LunExtent.Handler done) {
        this.base = base;
        this.scratch = scratch;
        this.offset = offset;
        this.extentsMax = extentsMax;
        this.done = done;
    }

    void run() {
        scratch.extents(
                offset,
                extentsMax,
                (outcome, written) -> {
                    if (outcome.isDone()) {
                        below(written);
                    } else {
                        done.ended(outcome, List.of());
                    }
                });
    }

    private void below(List<LunExtent> written) {
        base.extents(
                offset,
                extentsMax,
                (outcome, kept) ->
                        done.ended(outcome, outcome.isDone() ? both(written, kept) : List.of()));
    }

    /// As far as both are known. Both begin at the same block.
    private List<LunExtent> both(List<LunExtent> written, List<LunExtent> kept) {
        List<LunExtent> all = new ArrayList<>();
        int w = 0;
        int k = 0;
        while (w < written.size() && k < kept.size()) {
            LunExtent upper = written.get(w);
            LunExtent lower = kept.get(k);
            long from = Math.max(upper.offset(), lower.offset());
            long upperEnd = upper.offset() + upper.length();
            long lowerEnd = lower.offset() + lower.length();
            long to = Math.min(upperEnd, lowerEnd);
            add(all, new LunExtent(from, to - from, upper.mapped() || lower.mapped()));
            w += to == upperEnd ? 1 : 0;
            k += to == lowerEnd ? 1 : 0;
        }
        return all.subList(0, Math.min(all.size(), extentsMax));
    }

    private static void add(List<LunExtent> all, LunExtent next) {
        LunExtent last = all.isEmpty() ? null : all.getLast();
        if (last != null && last.mapped() == next.mapped()) {
            all.removeLast();
            all.add(new LunExtent(last.offset(), last.length() + next.length(), last.mapped()));
        } else {
            all.add(next);
        }
    }
}
