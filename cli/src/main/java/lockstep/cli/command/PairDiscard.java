package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep pair discard VOLUME`.
@Command(
        name = "discard",
        description = "Give up what only this node's copy has, after both were written alone.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairDiscard extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/discard";
        Done done = client.post(path, null, Done.class);
        print(done, done.message());
    }
}
