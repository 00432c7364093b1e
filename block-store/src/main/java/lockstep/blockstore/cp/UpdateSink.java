package lockstep.blockstore.cp;

import lockstep.blockstore.block.BlockPointer;

import java.nio.ByteBuffer;

/// Takes the blocks of a consistency point for the mirror, while they are written locally.
public interface UpdateSink {
    /// Block `vbn` has this content (4096 bytes, lent for the call), of which the source's own
    /// checksum is `crc`.
    void cpData(long vbn, int crc, ByteBuffer borrowed);

    /// Block `vbn`, of checksum `crc`, has the content that stands at byte `offset` of the data of
    /// log entry `sequence`, which the mirror was sent.
    void cpReference(long vbn, int crc, long sequence, int offset);

    /// Block `now` has the content of block `base` of the image before, with `borrowedPatch`
    /// applied ([lockstep.blockstore.block.BlockPatch]). `borrowed` is the content as a whole, for
    /// a mirror that does not take patches.
    void cpChange(
            BlockPointer now, BlockPointer base, ByteBuffer borrowedPatch, ByteBuffer borrowed);

    /// Whether more may be sent now; if not, `whenReady` is called once it may, or once nothing
    /// more will be taken, after which every call does nothing.
    boolean ready(Runnable whenReady);
}
