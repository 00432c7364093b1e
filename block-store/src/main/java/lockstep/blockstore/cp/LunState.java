package lockstep.blockstore.cp;

import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;

/// A LUN in one image: its attributes, where its tree begins, how many blocks it maps.
public record LunState(LunRecord record, TreeRoot root, long mappedBlocks) {
    /// A LUN that reads as zeros.
    public static LunState empty(LunRecord record) {
        long blocks = record.size() / lockstep.blockstore.base.Blocks.SIZE;
        return new LunState(record, TreeRoot.empty(record.number(), blocks), 0);
    }

    /// The same LUN with other attributes.
    public LunState with(LunRecord changed) {
        return new LunState(changed, root, mappedBlocks);
    }
}
