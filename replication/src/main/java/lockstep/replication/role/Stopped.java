package lockstep.replication.role;

import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.replication.wire.ClaimedRole;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

/// Nothing can be done any more, for `reason`, until the node is started again. The source of a
/// mirror that has stopped is told, whenever it may not know: the link stays for other volumes, so
/// it would wait for this one for ever.
record Stopped(Replica replica, String reason, @Nullable ActiveVolume active) implements Role {
    /// Hosts are served no more, whatever it is that has failed.
    void begin() {
        if (active != null) {
            active.stop(reason);
        }
        linkUp();
    }

    @Override
    public RoleState state() {
        return RoleState.STOPPED;
    }

    @Override
    public void linkUp() {
        if (replica.copy().state().role() == CopyState.Role.MIRROR) {
            replica.send(new VolumeMessage.Fault(reason));
        }
    }

    @Override
    public void partnerSays(VolumeMessage.CopyStatus status) {
        if (status.role() == ClaimedRole.SOURCE) {
            linkUp();
        }
    }
}
