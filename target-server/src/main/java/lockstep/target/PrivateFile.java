package lockstep.target;

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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// A small file of lines in the data directory that is the node's alone: it has a mode that nobody
/// else can read from the first byte on, and one that others can use is refused. Its first line is
/// `version=1`. It is replaced as a whole, durably.
record PrivateFile(Path directory, String name) {
    private static final String VERSION = "version=1";
    private static final Set<PosixFilePermission> OWNER =
            PosixFilePermissions.fromString("rw-------");

    Path path() {
        return directory.resolve(name);
    }

    boolean exists() {
        return Files.exists(path());
    }

    /// The lines behind the first; `ifRead` says what to do if others may have read them.
    List<String> read(String ifRead) throws IOException {
        Set<PosixFilePermission> wider = EnumSet.copyOf(Files.getPosixFilePermissions(path()));
        wider.removeAll(OWNER);
        if (!wider.isEmpty()) {
            throw new IOException(
                    path() + " can be used by others (" + wider + "): chmod 600, and " + ifRead);
        }
        List<String> lines = Files.readAllLines(path(), StandardCharsets.UTF_8);
        if (lines.isEmpty() || !lines.getFirst().equals(VERSION)) {
            throw new IOException(path() + " is not of version 1");
        }
        return lines.subList(1, lines.size());
    }

    IOException damaged() {
        return new IOException(path() + " is damaged: restore it from a backup");
    }

    void write(List<String> lines) throws IOException {
        StringBuilder text = new StringBuilder(VERSION).append('\n');
        lines.forEach(line -> text.append(line).append('\n'));
        Path fresh = directory.resolve(name + ".next");
        Files.deleteIfExists(fresh);
        try (FileChannel channel =
                FileChannel.open(
                        fresh,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(OWNER))) {
            ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(
                fresh, path(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
