package lockstep.cli.initiator;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/// The initiator's side of CHAP (RFC 7143 section 12.1.3): answers the target's challenge, and with
/// a secret of the target's challenges it in turn.
final class Chap {
    private static final Map<String, String> DIGESTS =
            Map.of("5", "MD5", "6", "SHA-1", "7", "SHA-256", "8", "SHA3-256");
    private static final int CHALLENGE_BYTES = 32;

    private final ChapSecrets secrets;
    private final byte[] ownChallenge = new byte[CHALLENGE_BYTES];
    private final int ownIdentifier;
    private String algorithm = "";

    Chap(ChapSecrets secrets) {
        this.secrets = secrets;
        SecureRandom random = new SecureRandom();
        random.nextBytes(ownChallenge);
        ownIdentifier = random.nextInt(256);
    }

    /// The first offer after AuthMethod.
    static Map<String, String> algorithms() {
        return Map.of("CHAP_A", "8,7,6,5");
    }

    /// Answers the target's challenge.
    Map<String, String> answer(Map<String, String> asked) throws ProtocolException {
        algorithm = asked.getOrDefault("CHAP_A", "");
        byte[] challenge = value(asked, "CHAP_C");
        byte[] response = response(identifier(asked), secrets.secret(), challenge);
        Map<String, String> answer = new LinkedHashMap<>();
        answer.put("CHAP_N", secrets.user());
        answer.put("CHAP_R", hex(response));
        if (secrets.targetSecret() != null) {
            answer.put("CHAP_I", Integer.toString(ownIdentifier));
            answer.put("CHAP_C", hex(ownChallenge));
        }
        return answer;
    }

    /// Checks the target's own proof, if one was asked for.
    void check(Map<String, String> answered) throws ProtocolException {
        @Nullable String theirs = secrets.targetSecret();
        if (theirs == null) {
            return;
        }
        byte[] expected = response(ownIdentifier, theirs, ownChallenge);
        if (!answered.containsKey("CHAP_R")
                || !MessageDigest.isEqual(expected, value(answered, "CHAP_R"))) {
            throw new ProtocolException("the target has not proven that it is the right one");
        }
    }

    private byte[] response(int identifier, String secret, byte[] challenge)
            throws ProtocolException {
        String name = DIGESTS.get(algorithm);
        if (name == null) {
            throw new ProtocolException("CHAP_A=" + algorithm + " was not offered");
        }
        try {
            MessageDigest digest = MessageDigest.getInstance(name);
            digest.update((byte) identifier);
            digest.update(secret.getBytes(StandardCharsets.UTF_8));
            return digest.digest(challenge);
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }

    private static int identifier(Map<String, String> asked) throws ProtocolException {
        try {
            return Integer.decode(asked.getOrDefault("CHAP_I", ""));
        } catch (NumberFormatException _) {
            throw new ProtocolException("CHAP_I is not a number");
        }
    }

    private static byte[] value(Map<String, String> pairs, String key) throws ProtocolException {
        String text = pairs.getOrDefault(key, "");
        try {
            return text.startsWith("0b")
                    ? Base64.getDecoder().decode(text.substring(2))
                    : HexFormat.of().parseHex(text.substring(Math.min(2, text.length())));
        } catch (IllegalArgumentException _) {
            throw new ProtocolException(key + " is malformed");
        }
    }

    private static String hex(byte[] bytes) {
        return "0x" + HexFormat.of().formatHex(bytes);
    }
}
