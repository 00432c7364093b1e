package lockstep.blockstore.tidy;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.JavaFormatterOptions;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32C;

/// google-java-format, AOSP style, over every file. Formatting is the slow rule, so the texts found
/// in order are remembered by checksum in the build directory and not formatted again.
public final class Formatting {
    private final Formatter formatter =
            new Formatter(
                    JavaFormatterOptions.builder().style(JavaFormatterOptions.Style.AOSP).build());
    private final Path memory;

    /// `memory` is a file in the build directory; it may not exist.
    public Formatting(Path memory) {
        this.memory = memory;
    }

    /// What `text` should be.
    public String formatted(String text) throws FormatterException {
        return formatter.formatSourceAndFixImports(text);
    }

    /// Files that are not as the formatter has them, a line each; with `rewrite` they are made so
    /// and none is a violation.
    public List<String> violations(List<SourceFile> files, boolean rewrite) {
        Set<String> known = remembered();
        List<Verdict> verdicts =
                files.parallelStream().map(file -> judge(file, known, rewrite)).toList();
        Set<String> inOrder = new TreeSet<>();
        List<String> found = new ArrayList<>();
        for (Verdict verdict : verdicts) {
            verdict.inOrder.ifPresent(inOrder::add);
            verdict.violation.ifPresent(found::add);
        }
        remember(inOrder);
        return found;
    }

    /// The key of a file that is in order, or what is wrong with it; neither if it was rewritten.
    private record Verdict(Optional<String> inOrder, Optional<String> violation) {}

    private Verdict judge(SourceFile file, Set<String> known, boolean rewrite) {
        String key = key(file.text());
        try {
            String wanted = known.contains(key) ? file.text() : formatted(file.text());
            if (wanted.equals(file.text())) {
                return new Verdict(Optional.of(key), Optional.empty());
            }
            if (rewrite) {
                Files.writeString(file.root().resolve(file.path()), wanted);
                return new Verdict(Optional.empty(), Optional.empty());
            }
            return violation(file, firstDifference(file.text(), wanted));
        } catch (FormatterException e) {
            return violation(file, "1: cannot be formatted: " + e.getMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Verdict violation(SourceFile file, String what) {
        return new Verdict(Optional.empty(), Optional.of(file.path() + ":" + what));
    }

    private static String firstDifference(String text, String wanted) {
        String[] have = text.split("\n", -1);
        String[] want = wanted.split("\n", -1);
        int line = 0;
        while (line < have.length && line < want.length && have[line].equals(want[line])) {
            line++;
        }
        return (line + 1) + ": not formatted (run with -Drewrite=true)";
    }

    private static String key(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return Long.toHexString(crc.getValue()) + "-" + bytes.length + "-" + text.hashCode();
    }

    private Set<String> remembered() {
        try {
            return Files.exists(memory) ? new HashSet<>(Files.readAllLines(memory)) : Set.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void remember(Set<String> inOrder) {
        try {
            Files.createDirectories(memory.toAbsolutePath().getParent());
            Files.write(memory, inOrder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
