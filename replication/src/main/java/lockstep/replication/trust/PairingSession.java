package lockstep.replication.trust;

import lockstep.replication.wire.PairingMessage.Claim;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/// One TLS connection over which two nodes pair, as both ends see it: a secret of this connection
/// alone (the exporter of RFC 8446 §7.5), and the keys that the dialling and the listening side
/// have shown.
///
/// A proof covers all three besides what its sender claims. A man in the middle has two
/// connections, with different secrets and with a key of his own on each, so no proof that he is
/// given on one is right on the other, and he cannot make one without the code. The two sides'
/// proofs differ in their label, so none is good as the answer to itself.
@SuppressWarnings("ArrayRecordComponent") // made for one connection, and never compared
public record PairingSession(byte[] secret, Fingerprint dialler, Fingerprint listener) {
    private static final byte[] DIALLER = label("dialler");
    private static final byte[] LISTENER = label("listener");

    private static byte[] label(String side) {
        return ("lockstep pairing 1 " + side).getBytes(StandardCharsets.US_ASCII);
    }

    /// What the dialling side claims, with its proof.
    public Claim byDialler(PairingCode code, Claim claim) {
        return claim.with(proof(code, DIALLER, claim));
    }

    /// What the listening side claims, with its proof.
    public Claim byListener(PairingCode code, Claim claim) {
        return claim.with(proof(code, LISTENER, claim));
    }

    /// Whether `claim` came from a dialling side that knows `code`.
    public boolean provesDialler(PairingCode code, Claim claim) {
        return MessageDigest.isEqual(proof(code, DIALLER, claim), claim.proof());
    }

    /// Whether `claim` came from a listening side that knows `code`.
    public boolean provesListener(PairingCode code, Claim claim) {
        return MessageDigest.isEqual(proof(code, LISTENER, claim), claim.proof());
    }

    // The labels differ, and behind each every part but the last has a fixed length: no two sets of
    // parts look alike.
    private byte[] proof(PairingCode code, byte[] label, Claim claim) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(label);
        all.writeBytes(secret);
        all.writeBytes(dialler.bytes());
        all.writeBytes(listener.bytes());
        all.writeBytes(claim.provedBytes());
        return code.hmac(all.toByteArray());
    }

    /// Nothing of the secret.
    @Override
    public String toString() {
        return "PairingSession[" + dialler + ", " + listener + "]";
    }
}
