package lockstep.target.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/// One received PDU. `data` is the data segment without padding (empty if there is none); who holds
/// the PDU owns one reference to it and releases it or hands it on. Additional header segments are
/// checked for length and dropped.
public record Pdu(PduHeader header, ByteBuf data) {
    /// Gives the data segment back.
    public void release() {
        data.release();
    }
}
