package lockstep.blockstore.raid;

import lockstep.blockstore.base.CpId;

import java.util.ArrayList;
import java.util.List;

/// Stripes of one group that are worth giving back to what lends its disks their space, and of
/// which no block is used in `image`. The next consistency point makes holes of them ([HolePunch])
/// if it is written on top of that image; they are offered for one consistency point only.
final class Holes {
    private final List<StripeRange> offered = new ArrayList<>();
    private CpId image = CpId.NONE;
    private CpId newest = CpId.NONE;
    private long punched;

    void offer(CpId freeIn, List<StripeRange> ranges) {
        image = freeIn;
        offered.clear();
        offered.addAll(ranges);
    }

    /// What is offered, which is not offered any more then.
    List<StripeRange> take() {
        List<StripeRange> taken = List.copyOf(offered);
        offered.clear();
        return taken;
    }

    void withdraw() {
        offered.clear();
    }

    /// The image in which all that was offered is free.
    CpId image() {
        return image;
    }

    /// `stripes` that are free in `freeIn` were made holes.
    void made(CpId freeIn, long stripes) {
        newest = freeIn;
        punched += stripes;
    }

    /// Whether what `pointing` used may be a hole by now. In the image of which the last holes were
    /// made, and in every later one, nothing leads to a hole.
    boolean mayHaveTakenFrom(CpId pointing) {
        return newest.compareTo(pointing) > 0;
    }

    /// Stripes that were made holes since the group was opened.
    long punched() {
        return punched;
    }
}
