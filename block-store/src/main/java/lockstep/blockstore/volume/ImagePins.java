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

    /// Whether `cp` is pinned, so that what was born since can be told.
    public boolean has(CpId cp) {
        return core.cp.pins().has(cp);
    }

    /// Lets `cp` go.
    public void remove(CpId cp) {
        core.cp.pins().remove(cp);
    }

    /// Lets all go but `cp`.
    public void keepOnly(CpId cp) {
        core.cp.pins().keepOnly(cp);
    }

    /// Lets all go.
    public void clear() {
        core.cp.pins().keepOnly(CpId.NONE);
    }
}
