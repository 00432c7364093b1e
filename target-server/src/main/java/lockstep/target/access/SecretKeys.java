package lockstep.target.access;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// The keys of a node that secrets are sealed under where they stand in a volume. The first seals;
/// all open, so that a node can open what its partner sealed. Immutable.
///
/// A sealed secret (AES-256-GCM; `place` is authenticated too, so that a sealed secret copied to
/// another volume, host or direction does not open):
///
/// ```
/// | key id (8) | nonce (12) | cipher text | tag (16) |
/// ```
public final class SecretKeys {
    /// Bytes of a key.
    public static final int KEY_BYTES = 32;

    /// No keys.
    public static final SecretKeys NONE = new SecretKeys(List.of());

    private static final int ID_BYTES = 8;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final String CIPHER = "AES/GCM/NoPadding";

    private final List<byte[]> keys;

    /// These keys, each of [#KEY_BYTES]; the first seals.
    public SecretKeys(List<byte[]> keys) {
        this.keys = keys.stream().map(byte[]::clone).toList();
        for (byte[] key : keys) {
            if (key.length != KEY_BYTES) {
                throw new IllegalArgumentException("a key has " + KEY_BYTES + " bytes");
            }
        }
    }

    /// A new key.
    public static byte[] draw(LongSupplier entropy) {
        return bytes(entropy, KEY_BYTES);
    }

    /// Whether there is none.
    public boolean isEmpty() {
        return keys.isEmpty();
    }

    /// Copies of the keys, for the key file and a partner.
    public List<byte[]> copies() {
        return keys.stream().map(byte[]::clone).toList();
    }

    /// The same with those of `more` that are not among them, behind the others.
    public SecretKeys with(List<byte[]> more) {
        List<byte[]> all = new ArrayList<>(keys);
        for (byte[] key : more) {
            if (all.stream().noneMatch(known -> MessageDigest.isEqual(known, key))) {
                all.add(key);
            }
        }
        return new SecretKeys(all);
    }

    /// Seals `secret` for `place`.
    public byte[] seal(Secret secret, String place, LongSupplier entropy) {
        byte[] nonce = bytes(entropy, NONCE_BYTES);
        byte[] key = keys.getFirst();
        byte[] id = idOf(key);
        byte[] text = crypt(Cipher.ENCRYPT_MODE, key, nonce, id, place, secret.bytes());
        if (text == null) {
            throw new IllegalStateException("sealing cannot fail");
        }
        return ByteBuffer.allocate(ID_BYTES + NONCE_BYTES + text.length)
                .put(id)
                .put(nonce)
                .put(text)
                .array();
    }

    /// Opens what was sealed for `place`; null if no key here fits, or it is damaged or misplaced.
    public @Nullable Secret open(byte[] sealed, String place) {
        if (sealed.length < ID_BYTES + NONCE_BYTES + TAG_BITS / Byte.SIZE) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(sealed);
        byte[] id = take(in, ID_BYTES);
        byte[] nonce = take(in, NONCE_BYTES);
        byte[] text = take(in, in.remaining());
        for (byte[] key : keys) {
            if (MessageDigest.isEqual(id, idOf(key))) {
                byte[] plain = crypt(Cipher.DECRYPT_MODE, key, nonce, id, place, text);
                return plain == null ? null : Secret.of(plain);
            }
        }
        return null;
    }

    private static byte @Nullable [] crypt(
            int mode, byte[] key, byte[] nonce, byte[] id, String place, byte[] input) {
        try {
            Cipher cipher = Cipher.getInstance(CIPHER);
            cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(id);
            cipher.updateAAD(place.getBytes(StandardCharsets.UTF_8));
            return cipher.doFinal(input);
        } catch (GeneralSecurityException _) {
            return null;
        }
    }

    private static byte[] idOf(byte[] key) {
        return Arrays.copyOf(Digest.of("SHA-256", key), ID_BYTES);
    }

    private static byte[] take(ByteBuffer in, int length) {
        byte[] taken = new byte[length];
        in.get(taken);
        return taken;
    }

    static byte[] bytes(LongSupplier entropy, int length) {
        ByteBuffer drawn = ByteBuffer.allocate((length + 7) & ~7);
        while (drawn.hasRemaining()) {
            drawn.putLong(entropy.getAsLong());
        }
        return Arrays.copyOf(drawn.array(), length);
    }

    @Override
    public String toString() {
        return keys.size() + " keys";
    }
}
