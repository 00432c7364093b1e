package lockstep.blockstore.cp;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;

import java.util.UUID;

/// A LUN as it was at one place in the log: a root that is kept. `lun` is what the LUN was then, of
/// which the identity says whose snapshot it is; `group` is the same for snapshots taken at the
/// same place. `createdMillis` is the wall clock's, given in the log entry. `origin` names the
/// schedule that took it; empty: an operator did.
///
/// Until the consistency point that ends with the entry has committed it has no root, and `cp` is
/// [CpId#NONE]. `unique` is how many blocks would be free without it.
public record Snapshot(
        UUID identity,
        String name,
        UUID group,
        String origin,
        long createdMillis,
        LunRecord lun,
        CpId cp,
        TreeRoot root,
        long mappedBlocks,
        long nodes,
        long unique,
        DeathList dead) {
    /// Snapshots of one volume are no more than this.
    public static final int MAX = 1023;

    /// One that was asked for and is not committed.
    public static Snapshot pending(
            UUID identity,
            String name,
            UUID group,
            String origin,
            long createdMillis,
            LunRecord lun) {
        return new Snapshot(
                identity,
                name,
                group,
                origin,
                createdMillis,
                lun,
                CpId.NONE,
                TreeRoot.empty(lun.number(), 1),
                0,
                0,
                0,
                DeathList.EMPTY);
    }

    /// Whether an image holds it.
    public boolean isCommitted() {
        return !cp.equals(CpId.NONE);
    }

    /// Blocks that it shares with its LUN or another snapshot, nodes of its tree included.
    public long shared() {
        return Math.max(0, mappedBlocks + Math.max(0, nodes) - unique);
    }

    Snapshot with(DeathList changed) {
        return with(unique, changed);
    }

    Snapshot withUnique(long blocks) {
        return with(blocks, dead);
    }

    private Snapshot with(long blocks, DeathList list) {
        return new Snapshot(
                identity,
                name,
                group,
                origin,
                createdMillis,
                lun,
                cp,
                root,
                mappedBlocks,
                nodes,
                blocks,
                list);
    }

    /// This, committed in `by` as what `now` is after it.
    Snapshot committed(CpId by, LunState now) {
        return new Snapshot(
                identity,
                name,
                group,
                origin,
                createdMillis,
                lun,
                by,
                now.root(),
                now.mappedBlocks(),
                now.nodes(),
                0,
                now.dead());
    }
}
