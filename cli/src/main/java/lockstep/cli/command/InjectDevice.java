package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import picocli.CommandLine.Option;

import java.io.IOException;

/// What faults of disks and of log devices share.
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
abstract class InjectDevice extends InjectCommand {
    @Option(
            names = "--offset",
            paramLabel = "BYTES",
            description = "only where an operation touches what begins here (default: 0)")
    private String offset = "0";

    @Option(
            names = "--length",
            paramLabel = "BYTES",
            description = "and is so long (default: up to the end)")
    private String length = "0";

    @Option(names = "--delay", paramLabel = "TIME", description = "how late slow is, like 500ms")
    private String delay = "";

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "how often it happens (default: 0, until it is cleared)")
    private long count;

    final void inject(AdminClient client, String at, String target, String kind)
            throws IOException, Refused {
        Place place = new Place(at, target, Sizes.parse(offset), Sizes.parse(length));
        inject(client, place, kind, delay, count);
    }
}
