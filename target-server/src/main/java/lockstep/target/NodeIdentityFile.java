package lockstep.target;

import lockstep.replication.wire.NodeIdentity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Properties;
import java.util.UUID;

/// Who this node is, for good: drawn when it starts for the first time, and kept in the file `node`
/// of its data directory with a count of its starts. A node that lost the file is another node, and
/// its partners refuse it.
///
/// ```
/// version=1
/// uuid=...        identity
/// id=...          its short form in epochs, hexadecimal
/// starts=...      grows with every start
/// ```
record NodeIdentityFile(UUID uuid, long id, long starts) {
    private static final String NAME = "node";
    private static final String VERSION = "1";

    /// Reads or makes the file, with one start more, durably.
    static NodeIdentityFile start(Path directory) throws IOException {
        Path file = directory.resolve(NAME);
        NodeIdentityFile before = Files.exists(file) ? read(file) : fresh();
        NodeIdentityFile now = new NodeIdentityFile(before.uuid, before.id, before.starts + 1);
        now.write(directory);
        return now;
    }

    private static NodeIdentityFile fresh() {
        UUID uuid = UUID.randomUUID();
        // Not 0, which means "no node", and positive for the sake of whoever reads it.
        long id = Math.max(1, new SecureRandom().nextLong() >>> 1);
        return new NodeIdentityFile(uuid, id, 0);
    }

    private static NodeIdentityFile read(Path file) throws IOException {
        Properties properties = new Properties();
        try (var in = Files.newBufferedReader(file)) {
            properties.load(in);
            if (!VERSION.equals(properties.getProperty("version"))) {
                throw new IOException(file + " is of another version than " + VERSION);
            }
            return new NodeIdentityFile(
                    UUID.fromString(properties.getProperty("uuid", "")),
                    Long.parseUnsignedLong(properties.getProperty("id", ""), 16),
                    Long.parseLong(properties.getProperty("starts", "")));
        } catch (IllegalArgumentException damaged) {
            throw new IOException(file + " is damaged: restore it from a backup", damaged);
        }
    }

    private void write(Path directory) throws IOException {
        String text =
                "version=%s%nuuid=%s%nid=%x%nstarts=%d%n".formatted(VERSION, uuid, id, starts);
        Path next = directory.resolve(NAME + ".next");
        try (FileChannel channel =
                FileChannel.open(
                        next,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(
                next,
                directory.resolve(NAME),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /// The same as partners hear it.
    NodeIdentity named(String name) {
        return new NodeIdentity(id, uuid, name);
    }

    /// A number for [lockstep.replication.link.LinkHub]: the first of this start.
    long firstIncarnation() {
        return starts << 32;
    }

    /// The target port group of this node; it must differ from its partner's.
    int portGroup() {
        return portGroup(id);
    }

    /// The target port group, and relative target port, of the node with this identity.
    static int portGroup(long id) {
        return (int) Long.remainderUnsigned(id, 0xFFFF) + 1;
    }
}
