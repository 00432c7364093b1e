package lockstep.target;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.ShownVolume;
import lockstep.replication.role.Replica;
import lockstep.replication.role.RoleState;

import org.jspecify.annotations.Nullable;

/// A volume that this node has a copy of: its disks and what uses them.
record HostedVolume(VolumeDisks disks, RaidSpace space, Replica replica) {
    String name() {
        return disks.name();
    }

    /// What its copy is open as, active or a mirror; null while it is nothing.
    @Nullable ShownVolume open() {
        ActiveVolume active = replica.active();
        boolean stopped = active != null && active.service() == ActiveVolume.Service.STOPPED;
        return active != null && !stopped ? active : replica.shown();
    }

    VolumeId id() {
        return disks.id();
    }

    /// Whether what a crash or a change of role left behind is in order.
    boolean isAtRest() {
        RoleState now = replica.status().state();
        return now != RoleState.OPENING && now != RoleState.TAKING_OVER && now != RoleState.STOPPED;
    }

    /// The partner that its durable state names; null for none.
    @Nullable PeerName peer() {
        return PeerName.parse(replica.copy().state().peerAddress());
    }
}
