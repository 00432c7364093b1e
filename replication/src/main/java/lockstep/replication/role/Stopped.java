package lockstep.replication.role;

import lockstep.blockstore.volume.ActiveVolume;

import org.jspecify.annotations.Nullable;

/// Nothing can be done any more, for `reason`, until the node is started again.
record Stopped(String reason, @Nullable ActiveVolume active) implements Role {
    @Override
    public RoleState state() {
        return RoleState.STOPPED;
    }
}
