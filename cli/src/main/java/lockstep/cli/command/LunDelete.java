package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep lun delete VOLUME NUMBER [--with-snapshots]`.
@Command(
        name = "delete",
        description = "Delete a LUN and its data.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class LunDelete extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume it lives in")
    private String volume;

    @Parameters(paramLabel = "NUMBER", description = "its number")
    private int number;

    @Option(names = "--with-snapshots", description = "delete its snapshots too")
    private boolean withSnapshots;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path =
                "/volumes/"
                        + AdminClient.part(volume)
                        + "/luns/"
                        + number
                        + (withSnapshots ? "?snapshots=true" : "");
        Done done = client.delete(path, Done.class);
        print(done, done.message());
    }
}
