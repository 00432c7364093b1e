package lockstep.cli.demo;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// How the program is started as a process of its own: options for java and the class path.
public record ChildJvm(List<String> options, String classPath) {
    /// The file beside the program's first jar that holds its classes ready to run; `bin/lockstep`
    /// uses it too. One that does not fit the JVM or the jars is not used, and costs nothing.
    private static final String CACHE = "lockstep.aot";

    /// What every JVM of the program has in common with the one that made the cache.
    private static final List<String> COMMON =
            List.of(
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseCompactObjectHeaders",
                    "-XX:+ExitOnOutOfMemoryError",
                    "-Dio.netty.allocator.type=pooled");

    public ChildJvm {
        options = List.copyOf(options);
    }

    /// The program that this process runs.
    public static ChildJvm likeThis(List<String> options) {
        return new ChildJvm(options, System.getProperty("java.class.path"));
    }

    /// What `java` is called with, up to the main class.
    public List<String> arguments() {
        List<String> all = new ArrayList<>(COMMON);
        Path cache = cache();
        if (Files.exists(cache)) {
            all.add("-XX:AOTCache=" + cache);
            all.add("-Xlog:aot*=off");
        }
        all.addAll(options);
        all.addAll(List.of("-cp", classPath));
        return all;
    }

    /// Where the cache is, if there is one.
    public Path cache() {
        int end = classPath.indexOf(File.pathSeparatorChar);
        Path first = Path.of(end < 0 ? classPath : classPath.substring(0, end));
        return first.toAbsolutePath().resolveSibling(CACHE);
    }

    /// The `java` that runs this process.
    public static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
