package lockstep.target.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.function.LongSupplier;

/// A CHAP secret in memory. It shows itself to nobody: only this package sees the bytes.
public final class Secret {
    /// Bytes of the shortest secret that is taken: 96 bits (RFC 7143 9.2.1).
    public static final int LEAST = 12;

    /// Bytes of the longest.
    public static final int MOST = 64;

    /// Bytes of the longest that the initiator of Windows takes.
    public static final int WINDOWS_MOST = 16;

    private static final String ALPHABET =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private final byte[] bytes;

    private Secret(byte[] bytes) {
        this.bytes = bytes;
    }

    /// The secret that `text` is, in UTF-8.
    public static Secret of(String text) {
        return new Secret(text.getBytes(StandardCharsets.UTF_8));
    }

    static Secret of(byte[] bytes) {
        return new Secret(bytes.clone());
    }

    /// A text of 16 characters that a new secret may be: 96 bits of `entropy`.
    public static String generate(LongSupplier entropy) {
        StringBuilder text = new StringBuilder();
        long bits = 0;
        for (int at = 0; at < WINDOWS_MOST; at++) {
            bits = at % 8 == 0 ? entropy.getAsLong() : bits >>> 6;
            text.append(ALPHABET.charAt((int) (bits & 0x3F)));
        }
        return text.toString();
    }

    /// Whether its length is allowed.
    public boolean isLongEnough() {
        return bytes.length >= LEAST && bytes.length <= MOST;
    }

    byte[] bytes() {
        return bytes;
    }

    /// In constant time.
    public boolean sameAs(Secret other) {
        return MessageDigest.isEqual(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && sameAs(secret);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "(secret)";
    }
}
