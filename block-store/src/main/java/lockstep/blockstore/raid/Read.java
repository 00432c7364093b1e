package lockstep.blockstore.raid;

/// How a read of a block ended.
public sealed interface Read {
    /// The buffer holds the content that the pointer's checksum asks for.
    record Ok() implements Read {
        static final Ok OK = new Ok();
    }

    /// Neither the disk nor its stripe has it; the buffer holds nothing of use.
    record Lost(String reason) implements Read {}

    /// Takes the end of a read, once, later on the volume's loop.
    @FunctionalInterface
    interface Handler {
        /// `result` is final.
        void ended(Read result);
    }
}
