package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeCopy;

/// One copy for people. `linked`: the partner answers now. `resync` is what is under way with the
/// mirror. `backlogBytes` of log entries are not stored by the mirror yet. `sinceMillis`: since
/// when, in milliseconds since 1970, a source is in sync or ahead of its mirror, and a mirror has
/// or lacks its link; 0 if not known.
///
/// `equalAt` is the last image known to be equal on both sides; `differences` counts, at a mirror,
/// consistency points that were not, since the start; at a source, blocks found to differ since the
/// start that have not been copied since.
public record ReplicaStatus(
        RoleState state,
        String reason,
        boolean linked,
        CopyState durable,
        Epoch epoch,
        CpId image,
        Position end,
        ResyncProgress resync,
        long backlogBytes,
        Exposed exposed,
        long sinceMillis,
        CpId equalAt,
        long differences) {
    /// Whether both copies are one, as far as is recorded here. A source that has found its mirror
    /// to differ waits for its answers all the same.
    public boolean inSync() {
        return durable.sync() == CopyState.Sync.IN_SYNC && !durable.mirrorDiffers();
    }

    static ReplicaStatus of(VolumeCopy copy, Role role, boolean linked, long linkChangedMillis) {
        ActiveVolume active = role.active();
        boolean mirror = copy.state().role() == CopyState.Role.MIRROR;
        return new ReplicaStatus(
                role.state(),
                role.reason(),
                linked,
                copy.state(),
                active == null ? copy.root().cp().epoch() : active.epoch(),
                copy.root().cp(),
                role.end(),
                role.progress(),
                role.backlogBytes(),
                role.exposed(),
                mirror ? linkChangedMillis : role.sinceMillis(),
                role.equalAt(),
                role.differences());
    }
}
