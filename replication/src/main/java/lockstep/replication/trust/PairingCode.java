package lockstep.replication.trust;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Locale;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// What one operator tells the other: 80 bits drawn at random, as 16 characters of base 32 without
/// I, L, O and U. Whoever sees a proof made with it could try codes at home, so it is long enough
/// that trying is hopeless; that is what spares a password-authenticated key exchange.
public final class PairingCode {
    private static final String ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static final int LENGTH = 16;
    private static final int GROUP = 4;

    private final String characters;

    private PairingCode(String characters) {
        this.characters = characters;
    }

    /// Draws one.
    public static PairingCode draw(SecureRandom random) {
        StringBuilder code = new StringBuilder();
        for (int i = 0; i < LENGTH; i++) {
            code.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return new PairingCode(code.toString());
    }

    /// Reads what a person typed: in any case, with or without what stands between the groups, and
    /// with letters in place of the digits that look like them. Null if it is no code.
    public static @Nullable PairingCode parse(String typed) {
        String bare =
                typed.toUpperCase(Locale.ROOT)
                        .replaceAll("[\\s-]", "")
                        .replace('O', '0')
                        .replace('I', '1')
                        .replace('L', '1');
        boolean right =
                bare.length() == LENGTH && bare.chars().allMatch(c -> ALPHABET.indexOf(c) >= 0);
        return right ? new PairingCode(bare) : null;
    }

    /// The code as it is told to the operator, the only place where it leaves this package.
    public String show() {
        StringBuilder shown = new StringBuilder(characters);
        for (int at = LENGTH - GROUP; at > 0; at -= GROUP) {
            shown.insert(at, '-');
        }
        return shown.toString();
    }

    /// HMAC-SHA256 under this code.
    byte[] hmac(byte[] bytes) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            byte[] key = characters.getBytes(StandardCharsets.US_ASCII);
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(bytes);
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every JDK has HMAC-SHA256", e);
        }
    }

    /// Nothing of the code.
    @Override
    public String toString() {
        return "PairingCode";
    }
}
