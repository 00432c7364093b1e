package lockstep.replication.role;

import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.replication.wire.ClaimedRole;
import lockstep.replication.wire.CopyState;

/// A copy's durable role and sync state in the words of the wire.
final class WireStates {
    private WireStates() {}

    static CopyState of(Sync sync) {
        return switch (sync) {
            case UNPAIRED -> CopyState.SINGLE;
            case IN_SYNC -> CopyState.IN_SYNC;
            case OUT_OF_SYNC -> CopyState.OUT_OF_SYNC;
            case NO_IMAGE -> CopyState.NO_IMAGE;
        };
    }

    static ClaimedRole of(lockstep.blockstore.volume.CopyState.Role role) {
        return switch (role) {
            case MIRROR -> ClaimedRole.DESTINATION;
            case STANDALONE, SOURCE -> ClaimedRole.SOURCE;
        };
    }
}
