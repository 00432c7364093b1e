package lockstep.replication.role;

import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.replication.link.PeerLink;
import lockstep.replication.link.Suspensions;

/// Whether a source may answer reads. While its mirror could be activated without force, only the
/// mirror's lease says that it has not been.
final class ReadLease {
    private final Replica replica;
    private final Suspensions suspensions;
    private long untilNanos = Long.MIN_VALUE;

    ReadLease(Replica replica) {
        this.replica = replica;
        this.suspensions = new Suspensions(replica.copy().loop().clock());
    }

    /// Asked at the moment at which a read would be answered.
    boolean mayAnswer() {
        if (replica.copy().state().sync() != Sync.IN_SYNC) {
            return true;
        }
        if (suspensions.noticed()) {
            untilNanos = Long.MIN_VALUE;
        }
        PeerLink link = replica.link();
        if (link != null) {
            untilNanos = link.leaseUntilNanos();
        }
        return replica.copy().loop().clock().nanoTime() < untilNanos;
    }
}
