package lockstep.target.access;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Set;

/// The digests of CHAP (RFC 7143 12.1.3 and the IANA registry), by their number in CHAP_A. Of those
/// that an initiator offers, the strongest that is allowed is taken.
public enum ChapAlgorithm {
    /// FIPS 202.
    SHA3_256(8, "SHA3-256", 32),
    /// FIPS 180-4.
    SHA_256(7, "SHA-256", 32),
    /// FIPS 180-4; still enough for CHAP, which needs no collision resistance.
    SHA_1(6, "SHA-1", 20),
    /// RFC 1321. Only where the operator allows it: older initiators know nothing else.
    MD5(5, "MD5", 16);

    private final int number;
    private final String digest;
    private final int length;

    ChapAlgorithm(int number, String digest, int length) {
        this.number = number;
        this.digest = digest;
        this.length = length;
    }

    /// Its number in CHAP_A.
    public int number() {
        return number;
    }

    /// Bytes of a response.
    public int length() {
        return length;
    }

    /// The strongest of `allowed` in a list as CHAP_A offers it; null if there is none, or the list
    /// is no list of numbers.
    static @Nullable ChapAlgorithm choose(String offered, Set<ChapAlgorithm> allowed) {
        if (!offered.matches("\\d{1,5}(,\\d{1,5})*")) {
            return null;
        }
        List<String> numbers = List.of(offered.split(",", -1));
        for (ChapAlgorithm algorithm : values()) { // the strongest comes first
            if (allowed.contains(algorithm)
                    && numbers.contains(Integer.toString(algorithm.number))) {
                return algorithm;
            }
        }
        return null;
    }

    /// The response to `challenge` under `identifier`.
    byte[] response(int identifier, Secret secret, byte[] challenge) {
        return Digest.of(digest, new byte[] {(byte) identifier}, secret.bytes(), challenge);
    }
}
