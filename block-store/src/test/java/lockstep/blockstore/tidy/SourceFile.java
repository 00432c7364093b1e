package lockstep.blockstore.tidy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// One Java file of the project. `path` is relative to `root`; `code` is `text` with the insides of
/// comments and literals blanked, line by line, so that a rule about code never trips over prose.
public record SourceFile(Path root, Path path, String text, String code) {
    private static final List<String> MODULES =
            List.of("block-store", "replication", "target-server", "cli");

    // Text blocks first, then strings, characters, and both forms of comment.
    private static final Pattern PROSE =
            Pattern.compile(
                    "\"\"\"(?:[^\\\\\"]++|\\\\[\\s\\S]|\"(?!\"\"))*+\"\"\"|\"(?:\\\\.|[^\"\\\\\\n"
                            + "])*\"|'(?:\\\\.|[^'\\\\\\n"
                            + "])+'|//[^\\n"
                            + "]*|/\\*[\\s\\S]*?\\*/");

    private static final Pattern PACKAGE = Pattern.compile("(?m)^package\\s+([\\w.]+);");

    /// A file with this text.
    public static SourceFile of(Path root, Path path, String text) {
        return new SourceFile(root, path, text, blankProse(text));
    }

    /// Every Java file of every module, in path order.
    public static List<SourceFile> all(Path root) {
        List<SourceFile> found = new ArrayList<>();
        for (String module : MODULES) {
            Path sources = root.resolve(module).resolve("src");
            if (!Files.isDirectory(sources)) {
                continue;
            }
            try (Stream<Path> walk = Files.walk(sources)) {
                walk.filter(path -> path.toString().endsWith(".java"))
                        .sorted()
                        .forEach(path -> found.add(of(root, root.relativize(path), read(path))));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return found;
    }

    /// The directory that holds all modules, seen from the directory the build runs in.
    public static Path repositoryRoot() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(directory.resolve("block-store"))) {
            directory = directory.getParent();
            if (directory == null) {
                throw new IllegalStateException("not run inside the repository");
            }
        }
        return directory;
    }

    /// Whether this is part of the product, not of its tests.
    public boolean isMain() {
        return path.toString().contains("/src/main/");
    }

    /// Whether this is a package's `package-info.java`.
    public boolean isPackageInfo() {
        return path.endsWith("package-info.java");
    }

    /// The package it declares.
    public String packageName() {
        Matcher declared = PACKAGE.matcher(code);
        return declared.find() ? declared.group(1) : "";
    }

    /// The number of the line that holds the character at `index`, from 1.
    public int lineAt(int index) {
        return 1 + (int) text.substring(0, index).chars().filter(c -> c == '\n').count();
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String blankProse(String text) {
        StringBuilder code = new StringBuilder(text);
        Matcher prose = PROSE.matcher(text);
        while (prose.find()) {
            for (int i = prose.start(); i < prose.end(); i++) {
                if (code.charAt(i) != '\n') {
                    code.setCharAt(i, ' ');
                }
            }
        }
        return code.toString();
    }
}
