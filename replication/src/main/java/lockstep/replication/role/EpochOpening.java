package lockstep.replication.role;

import lockstep.blockstore.base.Epoch;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

/// How a source comes by its mirror's promise of the epoch that is, or will be, open here. An
/// answer counts only to the last that was asked on this link.
final class EpochOpening {
    private final Replica replica;
    private final SourceRole source;
    private @Nullable Epoch asked;

    EpochOpening(Replica replica, SourceRole source) {
        this.replica = replica;
        this.source = source;
    }

    /// Asks for an epoch above everything that either side has promised; durable here before it is
    /// asked for. Unless an operator has opened one by then.
    void openNew(Epoch theirs) {
        PeerLink link = replica.link();
        replica.save(
                state -> {
                    Epoch mine = state.promised();
                    Epoch highest = theirs.compareTo(mine) > 0 ? theirs : mine;
                    return state.promising(highest.next(replica.self()));
                },
                () -> {
                    if (link != null && link.equals(replica.link()) && source.waitsForEpoch()) {
                        ask(replica.copy().state().promised());
                    }
                });
    }

    void ask(Epoch epoch) {
        asked = epoch;
        replica.send(new VolumeMessage.OpenEpoch(epoch, source.end()));
    }

    /// Whether `epoch` is what was asked for. It is not any more, then.
    boolean isPromised(Epoch epoch) {
        boolean promised = epoch.equals(asked);
        if (promised) {
            asked = null;
        }
        return promised;
    }

    /// Whatever was asked for is not wanted any more.
    void forget() {
        asked = null;
    }
}
