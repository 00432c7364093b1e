package lockstep.blockstore.cp;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;

/// A LUN in one image: its attributes, where its tree begins, how many blocks it maps.
public record LunState(LunRecord record, TreeRoot root, long mappedBlocks) {
    /// A LUN that reads as zeros.
    public static LunState empty(LunRecord record) {
        long blocks = record.size() / Blocks.SIZE;
        return new LunState(record, TreeRoot.empty(record.number(), blocks), 0);
    }

    /// Levels of its tree after the next consistency point that changes it: a LUN that has grown
    /// gets a higher one.
    public int levels() {
        return Math.max(root.levels(), TreeRoot.levelsFor(record.size() / Blocks.SIZE));
    }

    /// The same LUN with other attributes.
    public LunState with(LunRecord changed) {
        return new LunState(changed, root, mappedBlocks);
    }
}
