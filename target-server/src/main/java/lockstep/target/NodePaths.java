package lockstep.target;

import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.replication.role.Replica;
import lockstep.replication.role.RoleState;
import lockstep.target.scsi.AccessState;
import lockstep.target.scsi.TargetPaths;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The two target port groups of a pair as this node sees them. A group's number comes from its
/// node's identity, which each knows of the other, so both describe the same groups.
final class NodePaths implements TargetPaths {
    private final Replica replica;
    private final int ownGroup;

    NodePaths(Replica replica, int ownGroup) {
        this.replica = replica;
        this.ownGroup = ownGroup;
    }

    @Override
    public AccessState here() {
        ActiveVolume active = replica.active();
        return active != null && active.isServing()
                ? AccessState.ACTIVE_OPTIMIZED
                : own(replica.status().state(), isInSync());
    }

    @Override
    public List<Group> groups() {
        List<Group> groups = new ArrayList<>();
        groups.add(new Group(ownGroup, ownGroup, here()));
        CopyState copy = replica.copy().state();
        if (copy.role() != CopyState.Role.STANDALONE) {
            int group = NodeIdentityFile.portGroup(copy.peer());
            groups.add(new Group(group, group, there()));
        }
        groups.sort(Comparator.comparingInt(Group::group));
        return groups;
    }

    private AccessState there() {
        var status = replica.status();
        return partner(status.state(), isInSync(), status.linked());
    }

    private boolean isInSync() {
        return replica.copy().state().sync() == CopyState.Sync.IN_SYNC;
    }

    /// What a copy in `state` is good for. A mirror that is not in sync could be activated only at
    /// the price of data, so its ports are not offered as a way out.
    static AccessState own(RoleState state, boolean inSync) {
        return switch (state) {
            case STANDALONE, IN_SYNC, ALONE, RESYNCING -> AccessState.ACTIVE_OPTIMIZED;
            case OPENING, JOINING, HANDING_OVER, SUSPENDED, TAKING_OVER ->
                    AccessState.TRANSITIONING;
            case MIRRORING, WAITING -> inSync ? AccessState.STANDBY : AccessState.UNAVAILABLE;
            case DIVERGED, STOPPED -> AccessState.UNAVAILABLE;
        };
    }

    /// What the partner of a copy in `state` is good for.
    static AccessState partner(RoleState state, boolean inSync, boolean linked) {
        return switch (state) {
            case STANDALONE, IN_SYNC, ALONE, RESYNCING, OPENING, JOINING, HANDING_OVER, SUSPENDED ->
                    inSync ? AccessState.STANDBY : AccessState.UNAVAILABLE;
            case MIRRORING, WAITING ->
                    linked ? AccessState.ACTIVE_OPTIMIZED : AccessState.UNAVAILABLE;
            case TAKING_OVER, DIVERGED, STOPPED -> AccessState.UNAVAILABLE;
        };
    }
}
