package lockstep.replication.wire;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Reads the frames of [PairingMessage].
final class PairingFrame {
    /// "LOCKPAIR".
    static final long MAGIC = 0x4c4f434b50414952L;

    /// Bytes before the payload.
    static final int SIZE = 13;

    static final int LENGTH_AT = 11;

    private PairingFrame() {}

    static @Nullable PairingMessage decode(ByteBuffer borrowed) {
        if (borrowed.remaining() < SIZE) {
            return null;
        }
        WireReader in = new WireReader(borrowed);
        if (in.i64() != MAGIC) {
            throw new ProtocolViolation("no pairing message");
        }
        int version = in.u16();
        int kind = in.u8();
        int length = in.u16();
        if (version != PairingMessage.VERSION) {
            throw new ProtocolViolation("pairing version " + version);
        }
        if (length > PairingMessage.MAX_BYTES - SIZE) {
            throw new ProtocolViolation("a pairing message of " + length + " bytes");
        }
        if (in.remaining() < length) {
            return null;
        }
        WireReader payload = new WireReader(in.bytes(length));
        PairingMessage message =
                switch (kind) {
                    case 1 -> claim(payload);
                    case 2 -> new PairingMessage.Accepted(claim(payload));
                    case 3 -> new PairingMessage.Refused(payload.text(PairingMessage.TEXT_BYTES));
                    default -> throw new ProtocolViolation("unknown pairing message " + kind);
                };
        payload.end();
        in.end();
        return message;
    }

    private static PairingMessage.Claim claim(WireReader in) {
        NodeIdentity node = new NodeIdentity(in.i64(), in.uuid(), in.text(NodeIdentity.NAME_BYTES));
        String address = in.text(PairingMessage.ADDRESS_BYTES);
        byte[] proof = new byte[PairingMessage.PROOF_BYTES];
        in.bytes(proof.length).get(proof);
        return new PairingMessage.Claim(node, address, proof);
    }
}
