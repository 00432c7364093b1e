package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;

/// The kinds of record that every member of a volume carries.
public enum RecordArea {
    /// What this copy of the volume is: role, promised epoch, sync state.
    COPY_STATE(8, 1),

    /// How far the scrub of this copy has come.
    SCRUB(12, 1),

    /// The root of the newest consistency point.
    SUPERBLOCK(16, 5);

    private final int firstBlock;
    private final int slotBlocks;

    RecordArea(int firstBlock, int slotBlocks) {
        this.firstBlock = firstBlock;
        this.slotBlocks = slotBlocks;
    }

    int firstBlock() {
        return firstBlock;
    }

    int slotBlocks() {
        return slotBlocks;
    }

    int slotBytes() {
        return slotBlocks * Blocks.SIZE;
    }

    /// Bytes that a payload may have.
    public int maximumPayload() {
        return slotBlocks == 1 ? 3 * 1024 : 16 * 1024;
    }
}
