package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.volume.ActiveVolume;

import java.util.List;

/// Which image a source and its mirror have in common: the mirror says what it holds and what it
/// can go back to, the source knows since which images it can tell what was born.
final class CommonImage {
    private final ActiveVolume volume;
    private List<CpId> older = List.of();

    CommonImage(ActiveVolume volume) {
        this.volume = volume;
    }

    /// Beside the one it holds the mirror can go back to `images`, newest first.
    void mirrorCanGoBackTo(List<CpId> images) {
        older = images;
    }

    /// Whether what was born since `image` can be told here.
    boolean isKnown(CpId image) {
        boolean newest = image.equals(volume.copy().root().cp());
        return image.count() > 0 && (newest || volume.pins().has(image));
    }

    /// The newest that both have, of a mirror that holds `held`; [CpId#NONE] if there is none.
    CpId newest(CpId held) {
        if (isKnown(held)) {
            return held;
        }
        for (CpId other : older) {
            if (isKnown(other)) {
                return other;
            }
        }
        return CpId.NONE;
    }
}
