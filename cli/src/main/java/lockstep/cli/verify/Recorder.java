package lockstep.cli.verify;

/// Remembers what workloads write and judges what they read. A sector's value is the sequence of
/// the write that stands in it, so each value is written once. Called from the loops of several
/// sessions at the same time.
public interface Recorder {
    /// Notes a write that is about to be sent and returns its sequence, greater than that of any
    /// write begun before; or 0 if this is no time for another write of these sectors.
    long begin(int first, int count);

    /// The write was acknowledged.
    void acknowledged(long sequence, int first, int count);

    /// The write has no answer and will get none.
    void unknown(long sequence, int first, int count);

    /// The write did certainly not happen.
    void notDone(long sequence, int first, int count);

    /// Room for one read at a time, of at most `maxSectors`.
    Reading reading(int maxSectors);

    /// One read, from the moment before it is sent to its answer. May be used again.
    interface Reading {
        /// It is about to be sent.
        void begins(int first, int count);

        /// Its answer is there.
        void ends();

        /// After [#ends], once for each sector: it held this sequence, [Stamp#NEVER_WRITTEN] or
        /// [Stamp#CORRUPT]. Returns false if that is known to be wrong already.
        boolean returned(int sector, long sequence);
    }
}
