package lockstep.blockstore.raid;

/// Hears what a scrub finds, on the volume's loop, when the repair has ended.
@FunctionalInterface
public interface ScrubListener {
    /// One finding.
    void found(ScrubFinding finding);
}
