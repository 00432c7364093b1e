package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep inject hold POINT`.
@Command(
        name = "hold",
        description = "Hold up what comes behind a named point until the fault is cleared.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class InjectHold extends InjectCommand {
    @Parameters(paramLabel = "POINT", description = "one that can be held at")
    private String point;

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "how many times (default: 0, until it is cleared)")
    private long count;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        inject(client, new Place("point", point), "hold", "", count);
    }
}
