package lockstep.cli.e2e.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Runs the programs that make and break networks.
final class Shell {
    private Shell() {}

    /// Runs `command`, its words separated by blanks; what it says if it fails is the exception's.
    static void run(String command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(List.of(command.split(" ", -1)))
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command + ": " + said.strip());
        }
    }
}
