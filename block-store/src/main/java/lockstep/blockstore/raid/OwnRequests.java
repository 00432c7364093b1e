package lockstep.blockstore.raid;

import lockstep.blockstore.io.IoCompletion;

/// Counts the reads and writes of one walk that are under way, so that it can tell those of others
/// from its own.
final class OwnRequests {
    private int underWay;

    /// `done`, for a request that begins now.
    IoCompletion counted(IoCompletion done) {
        underWay++;
        return fault -> {
            underWay--;
            done.ended(fault);
        };
    }

    /// How many began and have not ended.
    int underWay() {
        return underWay;
    }
}
