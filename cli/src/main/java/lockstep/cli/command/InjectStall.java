package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep inject stall POINT TIME`.
@Command(
        name = "stall",
        description = {
            "Make the node stand still at a named point, as in a long garbage collection: it does",
            "nothing and answers nobody, and then goes on from there."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class InjectStall extends InjectCommand {
    @Parameters(paramLabel = "POINT", description = "one that `lockstep inject points` lists")
    private String point;

    @Parameters(paramLabel = "TIME", description = "for how long, like 800ms or 5s")
    private String time;

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "how many times (default: 1; 0: until it is cleared)")
    private long count = 1;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        inject(client, new Place("point", point), "stall", time, count);
    }
}
