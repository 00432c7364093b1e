package lockstep.blockstore.raid;

/// Blocks that consistency points wrote to the disks since the space was opened, by what they are:
/// `data` is all that was put, `parity` one block for each stripe touched, `checksums` pages in
/// both their places, `notes` dirty notes and what was rescued with them, on all their members.
/// `inputs` are blocks that had to be read to make parity. Rebuild and scrub are not in here.
public record RaidTraffic(long data, long parity, long checksums, long notes, long inputs) {
    static final RaidTraffic NONE = new RaidTraffic(0, 0, 0, 0, 0);

    RaidTraffic plus(RaidTraffic other) {
        return new RaidTraffic(
                data + other.data,
                parity + other.parity,
                checksums + other.checksums,
                notes + other.notes,
                inputs + other.inputs);
    }
}
