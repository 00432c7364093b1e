package lockstep.replication.role;

import lockstep.blockstore.volume.CopyState;

/// What a takeover would cost now, as one node knows it. The table:
///
/// | copy here | durable | link | policy | a takeover |
/// |---|---|---|---|---|
/// | source | in sync | | | loses nothing |
/// | source | out of sync, or found to differ | | | loses what is counted |
/// | mirror | in sync | up | | loses nothing |
/// | mirror | in sync | down | strict | loses nothing unless the source was detached |
/// | mirror | in sync | down | available | may lose what the source acknowledged alone |
/// | mirror | out of sync | | | loses what its image and log lack |
/// | mirror | no image | | | is impossible |
/// | standalone, or diverged | | | | is none |
public enum TakeoverCost {
    /// Every acknowledged write is on both nodes.
    NOTHING,
    /// The same, as long as no operator has let the source go on alone.
    NOTHING_UNLESS_DETACHED,
    /// The source may have gone on alone since the link was lost; nobody here can know.
    UNKNOWN,
    /// Acknowledged writes are missing in the mirror.
    LOSS,
    /// There is nothing to take over with.
    IMPOSSIBLE,
    /// There is no mirror, or each copy has writes that the other lacks.
    NONE;

    /// What `status` and `policy` mean for a takeover.
    public static TakeoverCost of(ReplicaStatus status, PairPolicy policy) {
        if (status.state() == RoleState.DIVERGED) {
            return NONE;
        }
        CopyState.Sync sync = status.durable().sync();
        return switch (status.durable().role()) {
            case STANDALONE -> NONE;
            case SOURCE -> status.inSync() && status.differences() == 0 ? NOTHING : LOSS;
            case MIRROR ->
                    switch (sync) {
                        case NO_IMAGE -> IMPOSSIBLE;
                        case OUT_OF_SYNC, UNPAIRED -> LOSS;
                        case IN_SYNC -> ofMirrorInSync(status, policy);
                    };
        };
    }

    private static TakeoverCost ofMirrorInSync(ReplicaStatus status, PairPolicy policy) {
        if (status.linked()) {
            return NOTHING;
        }
        return policy.isAvailable() ? UNKNOWN : NOTHING_UNLESS_DETACHED;
    }
}
