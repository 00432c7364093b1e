package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep host remove VOLUME INITIATOR`.
@Command(
        name = "remove",
        description = "Remove a rule; sessions that it allowed end.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class HostRemove extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Parameters(paramLabel = "INITIATOR", description = "as the rule names it")
    private String initiator;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path =
                "/volumes/" + AdminClient.part(volume) + "/hosts/" + AdminClient.part(initiator);
        Done done = client.delete(path, Done.class);
        print(done, done.message());
    }
}
