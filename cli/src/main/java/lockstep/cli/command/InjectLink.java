package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep inject link FAULT [--peer PEER]`.
@Command(
        name = "link",
        description = {
            "Make a link to a partner fail, or be late.",
            "A fault happens once per connection and lasts until it is cleared."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class InjectLink extends InjectCommand {
    @Parameters(
            paramLabel = "FAULT",
            description =
                    "cut, black-hole (nothing comes through, nobody is told), drop-in, drop-out"
                            + " (one way only) or delay (with --delay, each message both ways)")
    private String fault;

    @Option(
            names = "--peer",
            paramLabel = "PEER",
            description = "the partner's name or UUID (default: every link)")
    private String peer = "";

    @Option(names = "--delay", paramLabel = "TIME", description = "how late, like 20ms")
    private String delay = "";

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "how many connections suffer it (default: 0, until it is cleared)")
    private long count;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        inject(client, new Place("link", peer), fault, delay, count);
    }
}
