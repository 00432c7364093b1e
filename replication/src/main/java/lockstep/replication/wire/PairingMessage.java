package lockstep.replication.wire;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// What two nodes say to each other when they pair, on a TLS connection of its own (ALPN
/// `lockstep-pair/1`): the dialling side claims, the other accepts with a claim of its own, or
/// refuses. Each message is one frame:
///
/// ```
///  0                8         10     11       13
///  +----------------+---------+------+--------+-------------+
///  | "LOCKPAIR"     | version | kind | length | payload ... |
///  +----------------+---------+------+--------+-------------+
/// claim, accepted:  node, text address, 32 bytes proof
/// refused:          text
/// ```
public sealed interface PairingMessage {
    /// Bytes of a frame, at most.
    int MAX_BYTES = 1024;

    /// Bytes of a proof.
    int PROOF_BYTES = 32;

    /// Bytes of an address, at most.
    int ADDRESS_BYTES = 255;

    /// Bytes of a reason, at most.
    int TEXT_BYTES = 255;

    /// The version of these messages.
    int VERSION = 1;

    /// Who the sender is and where it listens for links (empty: nowhere), with its proof.
    @SuppressWarnings("ArrayRecordComponent") // copied on the way in and out, compared by content
    record Claim(NodeIdentity node, String address, byte[] proof) implements PairingMessage {
        public Claim {
            proof = proof.clone();
        }

        /// One that is not proved yet.
        public static Claim of(NodeIdentity node, String address) {
            return new Claim(node, address, new byte[PROOF_BYTES]);
        }

        /// The same with this proof.
        public Claim with(byte[] newProof) {
            return new Claim(node, address, newProof);
        }

        @Override
        public byte[] proof() {
            return proof.clone();
        }

        /// What a proof covers of it: all but itself.
        public byte[] provedBytes() {
            WireWriter counter = new WireWriter(null);
            PairingMessage.put(this, counter);
            ByteBuffer bytes = ByteBuffer.allocate(counter.length());
            PairingMessage.put(this, new WireWriter(bytes));
            return bytes.array();
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Claim that
                    && node.equals(that.node)
                    && address.equals(that.address)
                    && Arrays.equals(proof, that.proof);
        }

        @Override
        public int hashCode() {
            return node.hashCode() * 31 + Arrays.hashCode(proof);
        }

        @Override
        public String toString() {
            return "Claim[" + node + " at " + address + "]";
        }
    }

    /// The claim was right, and this is the other side's.
    record Accepted(Claim claim) implements PairingMessage {}

    /// It was not, or came at the wrong time.
    record Refused(String text) implements PairingMessage {}

    /// The frame of `message`.
    static ByteBuffer encode(PairingMessage message) {
        ByteBuffer frame = ByteBuffer.allocate(MAX_BYTES);
        WireWriter out = new WireWriter(frame);
        int kind =
                switch (message) {
                    case Claim _ -> 1;
                    case Accepted _ -> 2;
                    case Refused _ -> 3;
                };
        out.i64(PairingFrame.MAGIC).u16(VERSION).u8(kind).u16(0);
        switch (message) {
            case Claim claim -> putProved(claim, out);
            case Accepted(Claim claim) -> putProved(claim, out);
            case Refused(String text) -> out.text(text, TEXT_BYTES);
        }
        frame.putShort(PairingFrame.LENGTH_AT, (short) (frame.position() - PairingFrame.SIZE));
        return frame.flip();
    }

    private static void putProved(Claim claim, WireWriter out) {
        put(claim, out);
        out.bytes(ByteBuffer.wrap(claim.proof()));
    }

    private static void put(Claim claim, WireWriter out) {
        NodeIdentity node = claim.node();
        out.i64(node.id()).uuid(node.uuid()).text(node.name(), NodeIdentity.NAME_BYTES);
        out.text(claim.address(), ADDRESS_BYTES);
    }

    /// The message that `borrowed` begins with; null if it is not all there yet. Throws
    /// [ProtocolViolation].
    static @Nullable PairingMessage decode(ByteBuffer borrowed) {
        return PairingFrame.decode(borrowed);
    }
}
