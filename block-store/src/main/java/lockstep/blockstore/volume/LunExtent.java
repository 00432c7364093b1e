package lockstep.blockstore.volume;

import lockstep.blockstore.base.Outcome;

import java.util.List;

/// A run of a LUN's bytes, a multiple of a block long, that all hold space or all hold none (and
/// read as zeros).
public record LunExtent(long offset, long length, boolean mapped) {
    /// Takes what [Lun#extents] found.
    @FunctionalInterface
    public interface Handler {
        /// The runs follow each other from the block asked for on, and two neighbours differ. They
        /// may end before the LUN does; with an outcome that is not [Outcome.Done] there are none.
        void ended(Outcome outcome, List<LunExtent> extents);
    }
}
