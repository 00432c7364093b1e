package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep inject log FAULT [--device PATH]`.
@Command(
        name = "log",
        description = "Make a log device fail or be late, or the log run full.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class InjectLog extends InjectDevice {
    @Parameters(
            paramLabel = "FAULT",
            description =
                    "as for a disk; or full: no consistency point commits, so nothing of the log"
                            + " comes free until the fault is cleared")
    private String fault;

    @Option(
            names = "--device",
            paramLabel = "PATH",
            description = "which copy of the log (default: the first)")
    private String device = "";

    @Override
    void run(AdminClient client) throws IOException, Refused {
        inject(client, "log", device, fault);
    }
}
