package lockstep.target;

import lockstep.target.access.SecretKeys;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.LongSupplier;

/// The keys that this node's secrets are sealed under, in the file `keys` of its data directory.
/// Made when a secret is first needed. Partners' keys stand behind this node's own, so that it
/// opens their secrets after a takeover. Used from the admin API's threads.
///
/// ```
/// version=1
/// key=BASE64      32 bytes; the first one seals
/// ```
final class KeyFile {
    private static final String KEY = "key=";

    private final PrivateFile file;
    private final LongSupplier entropy;
    private SecretKeys keys;

    private KeyFile(PrivateFile file, LongSupplier entropy, SecretKeys keys) {
        this.file = file;
        this.entropy = entropy;
        this.keys = keys;
    }

    /// Reads the file, if there is one.
    static KeyFile open(Path directory, LongSupplier entropy) throws IOException {
        PrivateFile file = new PrivateFile(directory, "keys");
        SecretKeys found = file.exists() ? read(file) : SecretKeys.NONE;
        return new KeyFile(file, entropy, found);
    }

    private static SecretKeys read(PrivateFile file) throws IOException {
        List<byte[]> keys = new ArrayList<>();
        try {
            for (String line : file.read("change the secrets if anybody may have read it")) {
                if (line.startsWith(KEY)) {
                    keys.add(Base64.getDecoder().decode(line.substring(KEY.length())));
                }
            }
            return new SecretKeys(keys);
        } catch (IllegalArgumentException _) {
            throw file.damaged();
        }
    }

    /// The keys now.
    synchronized SecretKeys keys() {
        return keys;
    }

    /// The keys, of which there is at least one.
    synchronized SecretKeys needed() throws IOException {
        if (keys.isEmpty()) {
            save(new SecretKeys(List.of(SecretKeys.draw(entropy))));
        }
        return keys;
    }

    /// Keeps `more` too, durably.
    synchronized void add(List<byte[]> more) throws IOException {
        save(needed().with(more));
    }

    private void save(SecretKeys next) throws IOException {
        file.write(
                next.copies().stream()
                        .map(key -> KEY + Base64.getEncoder().encodeToString(key))
                        .toList());
        keys = next;
    }
}
