package lockstep.target.access;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The JDK's digests of several parts in a row.
final class Digest {
    private Digest() {}

    static byte[] of(String algorithm, byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every JDK has " + algorithm, missing);
        }
    }
}
