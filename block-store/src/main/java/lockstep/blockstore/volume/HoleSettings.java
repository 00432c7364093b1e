package lockstep.blockstore.volume;

/// How space that nothing uses any more is given back to what lends it to the disks: bytes of all
/// disks a second at most, 0 for not at all; how often it is looked whether there is some; and in
/// aligned pieces of how many stripes, because less is not worth its entries and its request.
public record HoleSettings(long bytesPerSecond, long intervalNanos, int unit) {
    /// A quarter of a mebibyte on each disk.
    public static final int UNIT = 64;
}
