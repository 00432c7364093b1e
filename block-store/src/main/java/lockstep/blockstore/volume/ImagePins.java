package lockstep.blockstore.volume;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.cp.Pin;
import lockstep.blockstore.cp.Pins;

import java.util.List;

/// Which older images of an active volume stay readable, for a mirror that may hold one of them. In
/// force at once, and durable with the next consistency point.
public final class ImagePins {
    private static final int KEPT = 4;

    private final VolumeCore core;

    ImagePins(VolumeCore core) {
        this.core = core;
    }

    /// Keeps the committed image readable until it is let go. If many are kept already, one goes
    /// that is neither the newest nor old: a mirror that has been away for long has an old one.
    public void addImage() {
        Pins pins = core.cp.pins();
        List<Pin> kept = pins.list();
        if (kept.size() >= KEPT && !pins.has(core.copy.root().cp())) {
            pins.remove(kept.getLast().cp());
        }
        pins.add(Pin.of(core.copy.root()));
    }

    /// Keeps the committed image readable, and lets all others go.
    public void onlyImage() {
        clear();
        addImage();
    }

    /// Whether `cp` is pinned, so that what was born since can be told.
    public boolean has(CpId cp) {
        return core.cp.pins().has(cp);
    }

    /// Lets `cp` go.
    public void remove(CpId cp) {
        core.cp.pins().remove(cp);
    }

    /// Keeps the committed image readable, whatever is let go, while it is compared with the
    /// mirror's; until [#holdNone].
    public void holdImage() {
        core.cp.pins().hold(Pin.of(core.copy.root()));
    }

    /// Holds no image any more: the one held goes like any other.
    public void holdNone() {
        core.cp.pins().hold(null);
    }

    /// Lets all go but `cp`, and the one that is held.
    public void keepOnly(CpId cp) {
        core.cp.pins().keepOnly(cp);
    }

    /// Lets all go that is not held.
    public void clear() {
        core.cp.pins().keepOnly(CpId.NONE);
    }
}
