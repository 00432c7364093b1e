package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Nobody who logs waits for whoever reads it.
final class LogLinesTest {
    private static final int LINES = 20_000;

    // What a node has.
    private static final Path CONFIGURATION =
            Path.of("../cli/src/main/resources/logback.xml").toAbsolutePath();

    /// Logs more than a pipe and the queue hold; then tells its parent.
    static final class Child {
        private static final Logger LOG = LoggerFactory.getLogger(Child.class);

        public static void main(String[] arguments) throws IOException {
            if (arguments[0].equals("later")) {
                LogLines.later();
            }
            for (int i = 0; i < LINES; i++) {
                LOG.info("line {} of a node that says much, to a pipe that nobody empties", i);
            }
            System.out.println("said");
            System.out.flush();
            while (System.in.read() >= 0) {
                // Until the parent has seen it.
            }
            LOG.warn("last words");
            LogLines.lastWords();
            Runtime.getRuntime().halt(0);
        }
    }

    private static Process child(String how) throws IOException {
        return new ProcessBuilder(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-Dlogback.configurationFile=" + CONFIGURATION,
                                "-cp",
                                System.getProperty("java.class.path"),
                                Child.class.getName(),
                                how))
                .start();
    }

    private static BufferedReader reader(InputStream of) {
        return new BufferedReader(new InputStreamReader(of, StandardCharsets.UTF_8));
    }

    @Test
    void aPipeThatNobodyReadsHoldsNobodyUp() throws Exception {
        Process child = child("later");
        try {
            assertThat(reader(child.getInputStream()).readLine()).isEqualTo("said");
            child.getOutputStream().close();
            // It ends, though nobody reads.
            assertThat(child.waitFor()).isZero();
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void lastWordsAreWritten() throws Exception {
        Process child = child("later");
        try {
            child.getOutputStream().close();
            String last = null;
            BufferedReader lines = reader(child.getErrorStream());
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                last = line;
            }
            assertThat(last).contains("last words");
        } finally {
            child.destroyForcibly();
        }
    }

    /// What the first test shows is not for nothing.
    @Test
    void withoutThatItWould() throws Exception {
        Process child = child("now");
        try {
            child.getOutputStream().close();
            assertThat(child.waitFor(2, TimeUnit.SECONDS)).isFalse();
            assertThat(reader(child.getErrorStream()).lines().count()).isGreaterThan(LINES);
        } finally {
            child.destroyForcibly();
        }
    }
}
