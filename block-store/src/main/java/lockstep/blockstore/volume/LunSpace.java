package lockstep.blockstore.volume;

/// The space that a LUN's writes come from, in bytes: its volume's, which it shares with the
/// volume's other LUNs. `free` is what no consistency point so far has used, less what is kept back
/// for the volume's own maps. What is promised to writes under way counts as free: it is the worst
/// case, mostly comes back, and would make thresholds flutter.
public record LunSpace(long total, long free) {
    /// Of a LUN that does not know.
    public static final LunSpace UNKNOWN = new LunSpace(0, 0);

    /// What is taken.
    public long used() {
        return total - free;
    }
}
