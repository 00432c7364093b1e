package lockstep.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// `bin/lockstep` under dash (or sh) in a tree of its own, with JDKs that are scripts which print
/// how they were called.
@Timeout(60)
final class LauncherTest {
    @TempDir Path directory;

    private final Map<String, String> environment = new HashMap<>();
    private Path home = Path.of("");
    private String output = "";

    @BeforeEach
    void copyLauncher() throws Exception {
        home = directory.resolve("lockstep");
        Files.createDirectories(home.resolve("bin"));
        Files.copy(Path.of("../bin/lockstep"), home.resolve("bin/lockstep"));
        environment.put("PATH", "/usr/bin:/bin");
        environment.put("HOME", directory.toString());
    }

    @Test
    void theNamedJdkIsUsedWithItsFlagsAndArguments() throws Exception {
        distribution();
        environment.put("LOCKSTEP_JAVA_HOME", jdk("new", "25.0.1").toString());
        assertThat(run("status", "a b")).isZero();
        assertThat(output)
                .startsWith("new:")
                .contains("--enable-native-access=ALL-UNNAMED", "-XX:+UseCompactObjectHeaders")
                .contains("-Dio.netty.allocator.type=pooled")
                .endsWith("lockstep.cli.Lockstep [status] [a b]\n");
    }

    @Test
    void theCacheIsUsedWhereThereIsOne() throws Exception {
        distribution();
        environment.put("LOCKSTEP_JAVA_HOME", jdk("new", "25.0.1").toString());
        assertThat(run("status")).isZero();
        assertThat(output).doesNotContain("AOTCache");
        Path cache = Files.createFile(home.resolve("lib/lockstep.aot"));
        assertThat(run("status")).isZero();
        assertThat(output).contains(" -XX:AOTCache=" + cache + " ");
    }

    @Test
    void whatIsOverSoonIsNotCompiledTwice() throws Exception {
        distribution();
        environment.put("LOCKSTEP_JAVA_HOME", jdk("new", "25.0.1").toString());
        for (String[] command : new String[][] {{"status"}, {"node", "status"}, {"lun", "list"}}) {
            assertThat(run(command)).isZero();
            assertThat(output).contains("-XX:TieredStopAtLevel=1");
        }
        for (String[] command : new String[][] {{"node", "start"}, {"demo"}, {"bench", "u"}}) {
            assertThat(run(command)).isZero();
            assertThat(output).doesNotContain("Tiered");
        }
    }

    @Test
    void aJavaHomeThatIsTooOldIsSkipped() throws Exception {
        distribution();
        environment.put("JAVA_HOME", jdk("old", "17.0.9").toString());
        jdk(".jdks/other", "9999.1");
        assertThat(run("status")).isZero();
        assertThat(output).startsWith("other:");
    }

    @Test
    void withoutJavaHomeTheHighestVersionFoundIsUsed() throws Exception {
        distribution();
        jdk(".jdks/lower", "9998");
        jdk(".sdkman/candidates/java/higher", "9999.0.1");
        assertThat(run("status")).isZero();
        assertThat(output).startsWith("higher:");
    }

    @Test
    void withNoJdkItSaysWhereItLookedAndExits78() throws Exception {
        distribution();
        Path old = jdk("old", "17.0.9");
        environment.put("JAVA_HOME", old.toString());
        environment.put("LOCKSTEP_MIN_JAVA", "100000");
        assertThat(run("status")).isEqualTo(78);
        assertThat(output).contains("needs a JDK of version 100000", old + " (17)");
    }

    @Test
    void aTreeThatIsNotBuiltIsBuiltFirstAndRebuiltWhenSourcesAreNewer() throws Exception {
        environment.put("LOCKSTEP_JAVA_HOME", jdk("new", "25").toString());
        Path tools = Files.createDirectories(directory.resolve("tools"));
        script(
                tools.resolve("mvn"),
                "mkdir -p cli/target/lib && : > cli/target/cli-1.jar && echo mvn \"$@\"");
        environment.put("PATH", tools + ":/usr/bin:/bin");
        Path source = home.resolve("cli/src/main/java/A.java");
        Files.createDirectories(source.getParent());
        Files.writeString(source, "");

        assertThat(run("status")).isZero();
        assertThat(output)
                .contains("nothing is built yet; building", "mvn -q -DskipTests package", "new:");
        assertThat(run("status")).isZero();
        assertThat(output).doesNotContain("mvn");
        Path jar = home.resolve("cli/target/cli-1.jar");
        Files.setLastModifiedTime(
                source, FileTime.fromMillis(Files.getLastModifiedTime(jar).toMillis() + 10_000));
        assertThat(run("status")).isZero();
        assertThat(output).contains("sources are newer than the build", "new:");
    }

    @Test
    void aFailedBuildDoesNotStartTheProgram() throws Exception {
        environment.put("LOCKSTEP_JAVA_HOME", jdk("new", "25").toString());
        Path tools = Files.createDirectories(directory.resolve("tools"));
        script(tools.resolve("mvn"), "echo broken; exit 1");
        environment.put("PATH", tools + ":/usr/bin:/bin");
        assertThat(run("status")).isEqualTo(70);
        assertThat(output).contains("broken", "the build failed").doesNotContain("new:");
    }

    // An installed program has its jars in lib/ and is never built.
    private void distribution() throws IOException {
        Files.createDirectories(home.resolve("lib"));
    }

    private Path jdk(String name, String version) throws IOException {
        Path jdk = directory.resolve(name);
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        script(
                jdk.resolve("bin/java"),
                "printf '%s:' "
                        + jdk.getFileName()
                        + "; while [ \"$1\" != lockstep.cli.Lockstep ]; do printf ' %s' \"$1\";"
                        + " shift; done; printf ' %s' \"$1\"; shift; printf ' [%s]' \"$@\"; echo");
        return jdk;
    }

    private static void script(Path file, String body) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private int run(String... arguments) throws Exception {
        String shell = Files.isExecutable(Path.of("/bin/dash")) ? "/bin/dash" : "/bin/sh";
        ProcessBuilder builder = new ProcessBuilder(shell, home.resolve("bin/lockstep").toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true).start();
        output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor();
    }
}
