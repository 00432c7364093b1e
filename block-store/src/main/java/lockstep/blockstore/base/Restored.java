package lockstep.blockstore.base;

/// What became of a block that was brought from another copy of its volume, to be put in its place.
public enum Restored {
    /// It is in its place.
    HEALED,
    /// It was there already.
    GOOD,
    /// Its disk is away: its place is in parity, and that is made good with the others.
    AWAY,
    /// What belongs at its place is another block.
    OTHER,
    /// What belongs there cannot be told: the checksum page is lost.
    UNKNOWN
}
