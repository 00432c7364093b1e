package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep mirror unexport VOLUME NAME`.
@Command(
        name = "unexport",
        description = "Show an export no more. What was written to a clone is deleted.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class MirrorUnexport extends NodeCommand {
    @Parameters(index = "0", paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Parameters(index = "1", paramLabel = "NAME", description = "the export's name")
    private String name;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/exports/" + AdminClient.part(name);
        Done done = client.delete(path, Done.class);
        print(done, done.message());
    }
}
