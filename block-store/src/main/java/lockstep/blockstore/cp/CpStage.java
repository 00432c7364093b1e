package lockstep.blockstore.cp;

/// Where a consistency point is. Stages follow each other in this order; only the last is final.
public enum CpStage {
    /// Blocks that no pin needs any more become free.
    SWEEP,
    /// Trees of changed LUNs are loaded, blocks with gaps completed, every changed block gets its
    /// VBN.
    LUNS,
    /// Dead lists of snapshots follow what has changed; a part of what was deleted dies.
    SNAPSHOTS,
    /// State file, dead list and space map come to rest.
    SYSTEM_FILES,
    /// Data, trees and parity are written, and sent to the mirror.
    WRITE,
    /// Everything written is made durable.
    FLUSH,
    /// The superblock is written and made durable: from here on this is the volume's image.
    COMMIT,
    /// The image is committed, or the consistency point has failed and the volume stops.
    ENDED
}
