package lockstep.replication.trust;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.HexFormat;

/// What a node's key is known by: the SHA-256 of its public key as a certificate carries it
/// (SubjectPublicKeyInfo, RFC 5280 §4.1). A certificate that is made anew for the same key has the
/// same one.
public final class Fingerprint {
    /// Bytes of one.
    public static final int BYTES = 32;

    private final byte[] digest;

    private Fingerprint(byte[] digest) {
        this.digest = digest;
    }

    /// That of `key`.
    public static Fingerprint of(PublicKey key) {
        return new Fingerprint(sha256(key.getEncoded()));
    }

    /// What [#toString] wrote; throws [IllegalArgumentException] if `hex` is none.
    public static Fingerprint parse(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a fingerprint has 32 bytes");
        }
        return new Fingerprint(bytes);
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    byte[] bytes() {
        return digest.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Fingerprint that && Arrays.equals(digest, that.digest);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(digest);
    }

    /// 64 hexadecimal digits.
    @Override
    public String toString() {
        return HexFormat.of().formatHex(digest);
    }
}
