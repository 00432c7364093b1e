package lockstep.target.iscsi.pdu;

/// Why a byte stream is no sequence of PDUs any more. After it nothing more is decoded: at error
/// recovery level 0 the connection ends.
public record PduFault(Reason reason, PduHeader header) {
    /// What was wrong with the PDU of this header.
    public enum Reason {
        /// Its data segment is longer than this target declared.
        DATA_SEGMENT_TOO_LONG,
        /// Its header digest does not fit; the header cannot be believed.
        HEADER_DIGEST,
        /// Its data digest does not fit.
        DATA_DIGEST
    }
}
