package lockstep.blockstore.cp;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/// The consistency points that must stay readable although newer ones exist: the one the mirror
/// has, the one it may have, the one a resync reads from. A pin is in the root of every consistency
/// point made while it stands, so it survives a restart. What a durable root pins is never reused,
/// also while its pin is gone from memory already ([#and]): so a root's pins can always be gone
/// back to.
public final class Pins {
    /// More pins than this are never needed, and the root has room for no more.
    public static final int MAX = 8;

    private final TreeMap<CpId, Pin> pins = new TreeMap<>();
    private @Nullable CpId held;

    /// Pins as they stand in a root.
    public Pins(Collection<Pin> initial) {
        initial.forEach(pin -> pins.put(pin.cp(), pin));
    }

    /// Keeps `pin` readable.
    public void add(Pin pin) {
        pins.put(pin.cp(), pin);
        Check.that(pins.size() <= MAX, "a volume has at most 8 pins");
    }

    /// Lets `cp` go, if it is not held.
    public void remove(CpId cp) {
        if (!cp.equals(held)) {
            pins.remove(cp);
        }
    }

    /// Lets all go but `cp`, and the one that is held.
    public void keepOnly(CpId cp) {
        pins.keySet().removeIf(pinned -> !pinned.equals(cp) && !pinned.equals(held));
    }

    /// Keeps `pin` readable whatever else is let go, until another one is held (null: none); then
    /// it goes like any other. This does not survive a restart, where it is a pin like any other.
    public void hold(@Nullable Pin pin) {
        held = pin == null ? null : pin.cp();
        if (pin != null) {
            add(pin);
        }
    }

    /// Lets the oldest go that is neither `needed` nor held. Returns it, or null if there is none.
    public @Nullable CpId giveUpOldest(@Nullable CpId needed) {
        for (CpId cp : pins.keySet()) {
            if (!cp.equals(needed) && !cp.equals(held)) {
                pins.remove(cp);
                return cp;
            }
        }
        return null;
    }

    /// Whether `cp` is pinned.
    public boolean has(CpId cp) {
        return pins.containsKey(cp);
    }

    /// The pin of `cp`, or null.
    public @Nullable Pin find(CpId cp) {
        return pins.get(cp);
    }

    /// All pins, oldest first.
    public List<Pin> list() {
        return List.copyOf(pins.values());
    }

    /// These and `others`.
    Pins and(Collection<Pin> others) {
        Pins both = new Pins(pins.values());
        others.forEach(pin -> both.pins.put(pin.cp(), pin));
        return both;
    }

    /// Whether a pin needs a block that was born in (`birthEpoch`, `birthCount`) and is not
    /// reachable any more since (`diedEpoch`, `diedCount`).
    boolean need(int birthEpoch, long birthCount, int diedEpoch, long diedCount) {
        for (CpId pin : pins.keySet()) {
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
