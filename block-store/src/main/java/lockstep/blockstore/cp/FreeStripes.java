package lockstep.blockstore.cp;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.BlockSpace.StripeSet;
import lockstep.blockstore.raid.StripeRange;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Stripes of which an image uses no block: neither it, nor a pin, nor a dead list that guards one,
/// by the space map that it committed. Also a mirror has that, whose own memory holds no map.
public final class FreeStripes {
    private FreeStripes() {}

    /// Looks at `count` stripes of `set` from `dbn` on, in pieces of `unit`, and tells those that
    /// are wholly free, neighbours together; null if the map cannot be read, for instance because
    /// the image is not the committed one any more and its blocks have been used again.
    public static void find(
            VolumeRoot root,
            BlockReader reader,
            StripeSet set,
            StripeRange window,
            int unit,
            Consumer<@Nullable List<StripeRange>> done) {
        Check.that(window.dbn() + window.count() <= set.dbnCount(), "a window lies in its group");
        SpaceMap map = new SpaceMap(root.vbnCount(), root.used());
        int[] pages = new StripeWindow(set, window.dbn(), window.count(), root.vbnCount()).pages();
        new SpacePages(map, root.space(), reader)
                .need(pages, whole -> done.accept(whole ? free(map, set, window, unit) : null));
    }

    private static List<StripeRange> free(
            SpaceMap map, StripeSet set, StripeRange window, int unit) {
        List<StripeRange> found = new ArrayList<>();
        for (int at = 0; at < window.count(); at += unit) {
            int count = Math.min(unit, window.count() - at);
            long dbn = window.dbn() + at;
            if (isFree(map, set, dbn, count)) {
                StripeRange last = found.isEmpty() ? null : found.getLast();
                if (last != null && last.dbn() + last.count() == dbn) {
                    found.removeLast();
                    found.add(new StripeRange(last.dbn(), last.count() + count));
                } else {
                    found.add(new StripeRange(dbn, count));
                }
            }
        }
        return found;
    }

    private static boolean isFree(SpaceMap map, StripeSet set, long dbn, int count) {
        for (int disk = 0; disk < set.dataDisks(); disk++) {
            long first = set.vbn(disk, dbn);
            // A mirror's disks may hold more than the volume has; an image uses nothing of that.
            long mapped = Math.min(count, map.size() - first);
            if (mapped > 0 && map.usedIn(first, (int) mapped) > 0) {
                return false;
            }
        }
        return true;
    }
}
