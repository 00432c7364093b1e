package lockstep.blockstore.sim;

import lockstep.blockstore.io.Pending;

/// An operation of a simulated device, which its caller may give up as long as no completion is on
/// its way.
final class SimOperation implements Pending {
    private boolean ending;
    private boolean abandoned;

    @Override
    public boolean abandon() {
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
