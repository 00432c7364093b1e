package lockstep.replication.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.replication.wire.PairingMessage.Accepted;
import lockstep.replication.wire.PairingMessage.Claim;
import lockstep.replication.wire.PairingMessage.Refused;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/// Bytes of what is said when two nodes pair, and what else may come in their place.
class PairingMessageTest {
    private static final Claim CLAIM = Claim.of(WireSamples.NODE, "10.0.0.1:7801").with(proof());
    private static final String CLAIM_BYTES =
            "0a0b0c0d0e0f1011" // short id
                    + "00112233445566778899aabbccddeeff"
                    + "0007"
                    + "6e6f64652dc3a4" // node-ä
                    + "000d"
                    + "31302e302e302e313a37383031"
                    + "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

    private static byte[] proof() {
        byte[] proof = new byte[PairingMessage.PROOF_BYTES];
        for (int i = 0; i < proof.length; i++) {
            proof[i] = (byte) (0x20 + i);
        }
        return proof;
    }

    @Test
    void bytesAreTheOnesWrittenDown() {
        String magic = "4c4f434b50414952" + "0001";
        assertThat(hex(CLAIM)).isEqualTo(magic + "01" + "0050" + CLAIM_BYTES);
        assertThat(hex(new Accepted(CLAIM))).isEqualTo(magic + "02" + "0050" + CLAIM_BYTES);
        assertThat(hex(new Refused("no"))).isEqualTo(magic + "03" + "0004" + "0002" + "6e6f");
        assertThat(HexFormat.of().formatHex(CLAIM.provedBytes()))
                .isEqualTo(CLAIM_BYTES.substring(0, CLAIM_BYTES.length() - 64));
    }

    private static String hex(PairingMessage message) {
        return HexFormat.of().formatHex(bytes(message));
    }

    private static byte[] bytes(PairingMessage message) {
        ByteBuffer frame = PairingMessage.encode(message);
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        return bytes;
    }

    @Test
    void everyMessageComesBackAndNoPartOfOneDoes() {
        for (PairingMessage message : List.of(CLAIM, new Accepted(CLAIM), new Refused("no"))) {
            ByteBuffer frame = PairingMessage.encode(message);
            assertThat(PairingMessage.decode(frame.duplicate())).isEqualTo(message);
            for (int length = 0; length < frame.limit(); length++) {
                assertThat(PairingMessage.decode(frame.slice(0, length))).isNull();
            }
        }
    }

    @Test
    void whatIsNoMessageIsRefused() {
        byte[] good = bytes(CLAIM);
        for (int at : new int[] {0, 7, 9, 10, 11, 38, 47}) {
            byte[] bad = good.clone();
            bad[at] = 0x66;
            assertThatThrownBy(() -> PairingMessage.decode(ByteBuffer.wrap(bad)))
                    .as("byte %d", at)
                    .isInstanceOf(ProtocolViolation.class);
        }
        byte[] more = Arrays.copyOf(good, good.length + 1);
        assertThatThrownBy(() -> PairingMessage.decode(ByteBuffer.wrap(more)))
                .isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void nothingElseComesOutOfNoise() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = Arrays.copyOf(bytes(CLAIM), 120);
            for (int flips = random.nextInt(4); flips >= 0; flips--) {
                bytes[random.nextInt(100)] = (byte) random.nextInt();
            }
            try {
                PairingMessage.decode(ByteBuffer.wrap(bytes, 0, random.nextInt(bytes.length)));
            } catch (ProtocolViolation _) {
                // as it should be
            }
        }
    }
}
