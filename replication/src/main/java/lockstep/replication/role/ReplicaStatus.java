package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeCopy;

/// One copy for people. `linked`: the partner answers now. `resync` is what is under way with the
/// mirror. `backlogBytes` of log entries are not stored by the mirror yet.
public record ReplicaStatus(
        RoleState state,
        String reason,
        boolean linked,
        CopyState durable,
        Epoch epoch,
        CpId image,
        Position end,
        ResyncProgress resync,
        long backlogBytes) {
    static ReplicaStatus of(VolumeCopy copy, Role role, boolean linked) {
        ActiveVolume active = role.active();
        return new ReplicaStatus(
                role.state(),
                role.reason(),
                linked,
                copy.state(),
                active == null ? copy.root().cp().epoch() : active.epoch(),
                copy.root().cp(),
                role.end(),
                role.progress(),
                role.backlogBytes());
    }
}
