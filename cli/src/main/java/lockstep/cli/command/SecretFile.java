package lockstep.cli.command;

import lockstep.target.access.Secret;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Set;

/// Secrets in files, so that they stand in no command line, terminal or shell history.
final class SecretFile {
    private static final int LONGEST = 4096;

    private SecretFile() {}

    /// The secret in `file` (`-` is standard input), or a new one, which is put into `fresh`; null
    /// if neither is given.
    static @Nullable String secret(@Nullable String file, @Nullable Path fresh) throws IOException {
        if (file != null && fresh != null) {
            throw new IllegalArgumentException("either a secret that exists or a new one");
        }
        if (fresh != null) {
            String made = Secret.generate(new SecureRandom()::nextLong);
            write(fresh, made + System.lineSeparator());
            return made;
        }
        return file == null ? null : read(file);
    }

    /// What stands in `file` or standard input, without its last line end.
    static String read(String file) throws IOException {
        byte[] bytes =
                file.equals("-")
                        ? System.in.readNBytes(LONGEST)
                        : Files.readAllBytes(Path.of(file));
        return new String(bytes, StandardCharsets.UTF_8).replaceAll("\\R\\z", "");
    }

    /// Makes `file`, which nobody else can read.
    static void write(Path file, String text) throws IOException {
        try (var channel =
                Files.newByteChannel(
                        file,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            channel.write(java.nio.ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        } catch (FileAlreadyExistsException _) {
            throw new IllegalArgumentException(file + " exists already; name another file");
        }
    }
}
