/// PDUs on the wire: framing, the 48-byte header, digests, and every PDU this target sends.
///
/// Entrance: [lockstep.target.iscsi.pdu.PduDecoder] in, [lockstep.target.iscsi.pdu.PduWriter] out.
/// Invariants: 10; every length is checked before memory is taken for it. Threads: a decoder lives
/// on its channel's loop, a writer on the target's loop. Imports: Netty buffers and channels, jSCSI
/// vocabulary; nothing else of ours.
@NullMarked
package lockstep.target.iscsi.pdu;

import org.jspecify.annotations.NullMarked;
