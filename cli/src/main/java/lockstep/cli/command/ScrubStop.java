package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep volume scrub stop VOLUME`.
@Command(
        name = "stop",
        description = "Stop the scrub of a volume; start goes on with it.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class ScrubStop extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/scrub";
        Done done = client.delete(path, Done.class);
        print(done, done.message());
    }
}
