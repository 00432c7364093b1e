package lockstep.blockstore.volume;

/// The space that a LUN's writes come from, in bytes: its volume's, which it shares with the
/// volume's other LUNs. `free` is what is neither used nor promised to an admitted write.
public record LunSpace(long total, long free) {
    /// Of a LUN that does not know.
    public static final LunSpace UNKNOWN = new LunSpace(0, 0);

    /// What is taken.
    public long used() {
        return total - free;
    }
}
