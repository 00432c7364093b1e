package lockstep.blockstore.tidy;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/// The rules about one file at a time, and about each package's description. Every rule returns its
/// violations, a line each, starting with the place.
public final class Rules {
    /// Ceiling on lines in a file.
    public static final int FILE_LINES = 400;

    /// Ceiling on lines in a function.
    public static final int FUNCTION_LINES = 70;

    private static final int LINE_COLUMNS = 100;

    // Threads, clocks, files and chance enter only through ports, so these stay in the adapters.
    private static final Pattern BANNED =
            Pattern.compile(
                    "\\b(System\\.nanoTime|(?:System\\.)?currentTimeMillis|new\\s+Thread\\b"
                            + "|Thread\\.(?:ofVirtual|ofPlatform|startVirtualThread)"
                            + "|new\\s+(?:java\\.util\\.)?Random\\b|FileChannel|Thread\\.sleep"
                            + "|Math\\.random|UUID\\.randomUUID|Instant\\.now|identityHashCode)");

    private static final List<String> ADAPTERS =
            List.of(
                    "lockstep.blockstore.io.real",
                    "lockstep.replication.link.netty",
                    "lockstep.target.runtime",
                    "lockstep.target.iscsi",
                    "lockstep.target.admin",
                    "lockstep.cli");

    private static final Pattern UNFINISHED =
            Pattern.compile("\\b(" + "TO" + "DO|FIX" + "ME|XX" + "X)\\b");

    private Rules() {}

    /// Calls that only adapters may make.
    public static List<String> bannedCalls(SourceFile file) {
        List<String> found = new ArrayList<>();
        if (!file.isMain() || isAdapter(file.packageName())) {
            return found;
        }
        Matcher banned = BANNED.matcher(file.code());
        while (banned.find()) {
            found.add(Rooms.at(file, banned.start()) + banned.group(1) + " outside an adapter");
        }
        return found;
    }

    // The room lockstep.target itself composes the node (Main, Node), so it counts as an adapter,
    // but its sub-packages do not inherit that.
    private static boolean isAdapter(String packageName) {
        return packageName.equals("lockstep.target")
                || ADAPTERS.stream()
                        .anyMatch(a -> packageName.equals(a) || packageName.startsWith(a + "."));
    }

    /// Tabs, lines that are too long, and marks of unfinished work.
    public static List<String> text(SourceFile file) {
        List<String> found = new ArrayList<>();
        int line = 0;
        for (String content : file.text().split("\n", -1)) {
            line++;
            String place = file.path() + ":" + line + ": ";
            if (content.indexOf('\t') >= 0) {
                found.add(place + "a tab");
            }
            if (content.length() > LINE_COLUMNS && !content.startsWith("import ")) {
                found.add(place + content.length() + " columns");
            }
            Matcher unfinished = UNFINISHED.matcher(content);
            if (unfinished.find()) {
                found.add(place + "unfinished: " + unfinished.group());
            }
        }
        return found;
    }

    /// Packages of the product without a description, or with one that lacks a required line.
    public static List<String> packageDescriptions(List<SourceFile> files) {
        Map<String, @Nullable SourceFile> described = new LinkedHashMap<>();
        Set<String> packages = new LinkedHashSet<>();
        for (SourceFile file : files) {
            if (file.isMain()) {
                packages.add(file.packageName());
                if (file.isPackageInfo()) {
                    described.put(file.packageName(), file);
                }
            }
        }
        List<String> found = new ArrayList<>();
        for (String name : packages) {
            SourceFile info = described.get(name);
            if (info == null) {
                found.add(name + ": no package-info.java");
                continue;
            }
            for (String word :
                    List.of("Entrance", "Invariant", "Thread", "Import", "@NullMarked")) {
                if (!info.text().contains(word)) {
                    found.add(info.path() + ":1: does not say " + word);
                }
            }
        }
        return found;
    }

    /// Files over [#FILE_LINES] and functions over [#FUNCTION_LINES].
    public static List<String> sizes(List<SourceFile> files) {
        List<String> found = new ArrayList<>();
        for (SourceFile file : files) {
            long lines = file.text().lines().count();
            if (lines > FILE_LINES) {
                found.add(file.path() + ":1: " + lines + " lines");
            }
        }
        var compiler = ToolProvider.getSystemJavaCompiler();
        var sources = files.stream().map(Source::new).toList();
        var task = (JavacTask) compiler.getTask(null, null, _ -> {}, null, null, sources);
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        try {
            for (CompilationUnitTree unit : task.parse()) {
                unit.accept(new FunctionScan(unit, positions, found), null);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private static final class FunctionScan extends TreeScanner<@Nullable Void, @Nullable Void> {
        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final List<String> found;

        FunctionScan(CompilationUnitTree unit, SourcePositions positions, List<String> found) {
            this.unit = unit;
            this.positions = positions;
            this.found = found;
        }

        @Override
        public @Nullable Void visitMethod(MethodTree method, @Nullable Void unused) {
            if (method.getBody() != null) {
                var lines = unit.getLineMap();
                long first = lines.getLineNumber(positions.getStartPosition(unit, method));
                long last = lines.getLineNumber(positions.getEndPosition(unit, method));
                if (last - first + 1 > FUNCTION_LINES) {
                    String place =
                            unit.getSourceFile().toUri().getPath().substring(1)
                                    + ":"
                                    + first
                                    + ": ";
                    found.add(place + method.getName() + " has " + (last - first + 1) + " lines");
                }
            }
            return super.visitMethod(method, null);
        }
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(SourceFile file) {
            super(URI.create("tidy:///" + file.path()), JavaFileObject.Kind.SOURCE);
            text = file.text();
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
