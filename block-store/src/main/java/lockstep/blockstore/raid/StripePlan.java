package lockstep.blockstore.raid;

/// How the parity of one stripe is made: the pure choice. Slots are bits; one of them is parity.
/// Blocks that were never written are zeros and need no read.
///
/// `reads` are the slots whose present content is needed.
record StripePlan(Kind kind, long reads) {
    /// The ways.
    enum Kind {
        /// Nothing of it is written.
        UNTOUCHED,
        /// The parity disk is away: data only.
        DATA_ONLY,
        /// All that is not written is zeros: parity from the new blocks.
        FULL,
        /// Parity from the new blocks and the untouched ones.
        RECONSTRUCT,
        /// Old parity, less the old blocks, plus the new ones.
        READ_MODIFY_WRITE,
        /// The missing disk's block is untouched and would be lost in a crash between data and
        /// parity: it is worked out from the whole old stripe, and saved first.
        RESCUE
    }

    /// The cheapest plan for a stripe with parity in `paritySlot` where the slots in `written` get
    /// new content, those in `known` hold a block that was written before, and `missing` (or -1) is
    /// away. It is `taking` if there is a disk in its place that takes writes and is not rebuilt
    /// yet: parity is made for it then, as it may be rebuilt by the time the stripe is written.
    static StripePlan choose(
            int paritySlot, long written, long known, int missing, boolean taking) {
        if (written == 0) {
            return new StripePlan(Kind.UNTOUCHED, 0);
        }
        long parity = 1L << paritySlot;
        long away = missing < 0 ? 0 : 1L << missing;
        if (away == parity && !taking) {
            return new StripePlan(Kind.DATA_ONLY, 0);
        }
        long untouched = known & ~written & ~parity;
        if ((untouched & away) != 0) {
            return new StripePlan(Kind.RESCUE, known & ~away);
        }
        if (untouched == 0) {
            return new StripePlan(Kind.FULL, 0);
        }
        long old = known & (written | parity);
        boolean cheaper = Long.bitCount(old) < Long.bitCount(untouched) && away != parity;
        return cheaper && (old & away) == 0
                ? new StripePlan(Kind.READ_MODIFY_WRITE, old)
                : reconstruct(paritySlot, written, known);
    }

    /// The plan that needs no old content of what is overwritten.
    static StripePlan reconstruct(int paritySlot, long written, long known) {
        return new StripePlan(Kind.RECONSTRUCT, known & ~written & ~(1L << paritySlot));
    }
}
