package lockstep.blockstore.raid;

/// One thing that a scrub found not to be as it was written, and what became of it. `block` counts
/// in what `kind` says; `vbn` is -1 where the place has none. `wantedCrc` and `foundCrc` are the
/// CRC32C of a block's right content and of what stood there, or -1 where that is not known.
public record ScrubFinding(
        Kind kind,
        int group,
        int slot,
        long block,
        long vbn,
        long wantedCrc,
        long foundCrc,
        String detail) {
    /// What is wrong, and so what was done.
    public enum Kind {
        /// A block of data, or one that was never written, at dbn `block`: made good.
        DATA,
        /// Parity at dbn `block` is not what was once written: made good, the same bytes.
        PARITY,
        /// All data of the stripe at dbn `block` is right and parity is not their sum: parity was
        /// made anew. Data is never made from such a parity.
        PARITY_ERROR,
        /// A block that matches its entry at dbn `block` and is not what a pointer asks for, or the
        /// like: made good by the pointer. A lost write looks like this.
        POINTER,
        /// The block at dbn `block` is what the rest of its stripe says, and its entry was another:
        /// the entry was put right. A lost write of a checksum page may look like this.
        ENTRY_ERROR,
        /// A copy of checksum page `block`: written anew from the other copy.
        CHECKSUM_PAGE,
        /// A copy of a label or record at block `block` of the device: written anew from the
        /// others.
        RECORD,
        /// A block at dbn `block` that its stripe cannot give. Reads of it are medium errors.
        LOST,
        /// The same, and it was made good with what the other copy of the volume has.
        FROM_PARTNER
    }

    static final long UNKNOWN = -1;

    static long crc(int crc) {
        return crc & 0xFFFF_FFFFL;
    }

    /// That the block at `vbn`, which was found lost, is in its place again.
    public static ScrubFinding fromPartner(
            RaidGeometry geometry, long vbn, int crc, String detail) {
        return new ScrubFinding(
                Kind.FROM_PARTNER,
                geometry.groupOf(vbn),
                geometry.slotOf(vbn),
                geometry.dbnOf(vbn),
                vbn,
                crc(crc),
                UNKNOWN,
                detail);
    }

    /// Where it is, for people.
    public String place() {
        String what =
                switch (kind) {
                    case DATA, PARITY, PARITY_ERROR, POINTER, ENTRY_ERROR, LOST, FROM_PARTNER ->
                            " dbn ";
                    case CHECKSUM_PAGE -> " checksum page ";
                    case RECORD -> " device block ";
                };
        String at = "group " + group + " slot " + slot + what + block;
        return vbn < 0 ? at : at + " (VBN " + vbn + ")";
    }
}
