package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep inject crash POINT`.
@Command(
        name = "crash",
        description = "Make the node end at a named point, as if it were killed there.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class InjectCrash extends InjectCommand {
    @Parameters(paramLabel = "POINT", description = "one that `lockstep inject points` lists")
    private String point;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        inject(client, new Place("point", point), "crash", "", 1);
    }
}
