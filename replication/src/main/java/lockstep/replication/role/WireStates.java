package lockstep.replication.role;

import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.VolumeCopy;
import lockstep.replication.wire.ClaimedRole;
import lockstep.replication.wire.CopyState;
import lockstep.replication.wire.VolumeMessage;

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

    /// What `copy`, used as `role`, is to its partner.
    static VolumeMessage.CopyStatus status(VolumeCopy copy, Role role) {
        ActiveVolume active = role.active();
        return new VolumeMessage.CopyStatus(
                of(copy.state().role()),
                of(copy.state().sync()),
                active == null ? Epoch.NONE : active.epoch(),
                copy.state().promised(),
                copy.root().cp(),
                role.end(),
                copy.space().size(),
                copy.name());
    }
}
