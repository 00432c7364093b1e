package lockstep.blockstore.sim;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.Pending;

/// An operation of a simulated device, which its caller may give up as long as no completion is on
/// its way.
final class SimOperation implements Pending {
    private final boolean awaited;
    private boolean ending;
    private boolean abandoned;

    /// `awaited`: nobody may give it up.
    SimOperation(boolean awaited) {
        this.awaited = awaited;
    }

    @Override
    public boolean abandon() {
        Check.that(!awaited, "what is awaited is not given up");
        abandoned |= !ending;
        return !ending;
    }

    boolean isAbandoned() {
        return abandoned;
    }

    /// The device is done with it; whether the completion is told.
    boolean end() {
        ending = true;
        return !abandoned;
    }
}
