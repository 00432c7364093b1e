package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;

import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/// The consistency points that must stay readable although newer ones exist: the one the mirror
/// has, the one it may have, the one a resync reads from. A pin is in the root of every consistency
/// point made while it stands, so it survives a restart.
public final class Pins {
    /// More pins than this are never needed, and the root has room for no more.
    public static final int MAX = 8;

    private final TreeSet<CpId> pins = new TreeSet<>();
    private CpId held = CpId.NONE;

    /// Pins as they stand in a root.
    public Pins(Collection<CpId> initial) {
        pins.addAll(initial);
    }

    /// Keeps `cp` readable.
    public void add(CpId cp) {
        pins.add(cp);
        lockstep.blockstore.base.Check.that(pins.size() <= MAX, "a volume has at most 8 pins");
    }

    /// Lets `cp` go.
    public void remove(CpId cp) {
        pins.remove(cp);
    }

    /// Lets all go but `cp`, and the one that is held.
    public void keepOnly(CpId cp) {
        CpId hold = held;
        pins.removeIf(pin -> !pin.equals(cp) && !pin.equals(hold));
    }

    /// Keeps `cp` readable whatever is kept beside it, until another one is held ([CpId#NONE]:
    /// none); then it goes with the next [#keepOnly]. This does not survive a restart.
    public void hold(CpId cp) {
        held = cp;
        if (!cp.equals(CpId.NONE)) {
            add(cp);
        }
    }

    /// Whether `cp` is pinned.
    public boolean has(CpId cp) {
        return pins.contains(cp);
    }

    /// All pins, oldest first.
    public List<CpId> list() {
        return List.copyOf(pins);
    }

    /// Whether a pin needs a block that was born in (`birthEpoch`, `birthCount`) and is not
    /// reachable any more since (`diedEpoch`, `diedCount`).
    boolean need(int birthEpoch, long birthCount, int diedEpoch, long diedCount) {
        for (CpId pin : pins) {
            int counter = pin.epoch().counter();
            boolean born =
                    birthEpoch < counter || (birthEpoch == counter && birthCount <= pin.count());
            boolean alive =
                    diedEpoch > counter || (diedEpoch == counter && diedCount > pin.count());
            if (born && alive) {
                return true;
            }
        }
        return false;
    }
}
