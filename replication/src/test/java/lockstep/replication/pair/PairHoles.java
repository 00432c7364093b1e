package lockstep.replication.pair;

import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.volume.HoleSettings;
import lockstep.blockstore.volume.VolumeHoles;
import lockstep.replication.role.RoleState;

/// Gives back what a node's copy does not use any more, all the time, stripe by stripe.
final class PairHoles {
    private static final HoleSettings SETTINGS = new HoleSettings(1L << 30, 5_000_000L, 1);

    private final SimNode node;
    private final VolumeHoles holes;

    PairHoles(SimNode node, RaidSpace space) {
        this.node = node;
        this.holes =
                new VolumeHoles(
                        () -> node.replica.copy(),
                        this::isReady,
                        space,
                        SETTINGS,
                        () -> node.replica.wantImage());
        holes.open();
    }

    /// Bytes given back since the node started.
    long givenBack() {
        return holes.givenBack();
    }

    private boolean isReady() {
        RoleState state = node.replica.status().state();
        return state != RoleState.OPENING
                && state != RoleState.TAKING_OVER
                && state != RoleState.STOPPED;
    }
}
