package lockstep.blockstore.cp;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.util.UUID;

/// A LUN in one image: its attributes, where its tree begins, how many blocks it maps, how many
/// nodes its tree has ([#UNKNOWN] if it was made before nodes were counted). `dead` lists what the
/// LUN's newest snapshot has and it has not.
///
/// A clone's tree began as that of a snapshot, `origin`: its blocks that were born no later than
/// `originCp` are that snapshot's.
public record LunState(
        LunRecord record,
        TreeRoot root,
        long mappedBlocks,
        long nodes,
        DeathList dead,
        @Nullable UUID origin,
        CpId originCp) {
    /// Nodes were not counted when this LUN was written.
    public static final long UNKNOWN = -1;

    /// A LUN without snapshots that is no clone.
    public LunState(LunRecord record, TreeRoot root, long mappedBlocks, long nodes) {
        this(record, root, mappedBlocks, nodes, DeathList.EMPTY, null, CpId.NONE);
    }

    /// A LUN that reads as zeros.
    public static LunState empty(LunRecord record) {
        long blocks = record.size() / Blocks.SIZE;
        return new LunState(record, TreeRoot.empty(record.number(), blocks), 0, 0);
    }

    /// A LUN that begins as `snapshot`.
    public static LunState cloneOf(Snapshot snapshot, LunRecord record) {
        return new LunState(
                record,
                snapshot.root(),
                snapshot.mappedBlocks(),
                snapshot.nodes(),
                DeathList.EMPTY,
                snapshot.identity(),
                snapshot.cp());
    }

    /// Whose LUN it is, whatever its number.
    public UUID identity() {
        return record.identity();
    }

    /// Levels of its tree after the next consistency point that changes it: a LUN that has grown
    /// gets a higher one.
    public int levels() {
        return Math.max(root.levels(), TreeRoot.levelsFor(record.size() / Blocks.SIZE));
    }

    /// The same LUN with other attributes.
    public LunState with(LunRecord changed) {
        return new LunState(changed, root, mappedBlocks, nodes, dead, origin, originCp);
    }

    /// The same LUN with another tree.
    public LunState with(TreeRoot other, long mapped, long itsNodes) {
        return new LunState(record, other, mapped, itsNodes, dead, origin, originCp);
    }

    LunState with(DeathList changed) {
        return new LunState(record, root, mappedBlocks, nodes, changed, origin, originCp);
    }
}
