package lockstep.target;

import lockstep.target.access.SecretKeys;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/// The keys that this node's secrets are sealed under, in the file `keys` of its data directory.
/// Made when a secret is first needed, with a mode that nobody else can read from the first byte
/// on; a file that others may read is refused. Partners' keys stand behind this node's own, so that
/// it opens their secrets after a takeover. Used from the admin API's threads.
///
/// ```
/// version=1
/// key=BASE64      32 bytes; the first one seals
/// ```
final class KeyFile {
    private static final String NAME = "keys";
    private static final String VERSION = "version=1";
    private static final String KEY = "key=";
    private static final Set<PosixFilePermission> OWNER =
            PosixFilePermissions.fromString("rw-------");

    private final Path directory;
    private final LongSupplier entropy;
    private SecretKeys keys;

    private KeyFile(Path directory, LongSupplier entropy, SecretKeys keys) {
        this.directory = directory;
        this.entropy = entropy;
        this.keys = keys;
    }

    /// Reads the file, if there is one.
    static KeyFile open(Path directory, LongSupplier entropy) throws IOException {
        Path file = directory.resolve(NAME);
        SecretKeys found = Files.exists(file) ? read(file) : SecretKeys.NONE;
        return new KeyFile(directory, entropy, found);
    }

    private static SecretKeys read(Path file) throws IOException {
        Set<PosixFilePermission> wider = EnumSet.copyOf(Files.getPosixFilePermissions(file));
        wider.removeAll(OWNER);
        if (!wider.isEmpty()) {
            throw new IOException(
                    file
                            + " can be used by others ("
                            + wider
                            + "): chmod 600, and change the"
                            + " secrets if anybody may have read it");
        }
        List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
        if (lines.isEmpty() || !lines.getFirst().equals(VERSION)) {
            throw new IOException(file + " is not of version 1");
        }
        List<byte[]> keys = new ArrayList<>();
        try {
            for (String line : lines.subList(1, lines.size())) {
                if (line.startsWith(KEY)) {
                    keys.add(Base64.getDecoder().decode(line.substring(KEY.length())));
                }
            }
            return new SecretKeys(keys);
        } catch (IllegalArgumentException _) {
            throw new IOException(file + " is damaged: restore it from a backup");
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
        StringBuilder text = new StringBuilder(VERSION).append('\n');
        for (byte[] key : next.copies()) {
            text.append(KEY).append(Base64.getEncoder().encodeToString(key)).append('\n');
        }
        Path fresh = directory.resolve(NAME + ".next");
        Files.deleteIfExists(fresh);
        try (FileChannel channel =
                FileChannel.open(
                        fresh,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(OWNER))) {
            ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(
                fresh,
                directory.resolve(NAME),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
        keys = next;
    }
}
