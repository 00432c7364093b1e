package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ResyncAll;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep pair resync VOLUME --full`.
@Command(
        name = "resync",
        description = {
            "Copy everything of a volume to its mirror anew, after a difference was found.",
            "What a mirror merely lacks is sent by itself, without this command. Until all of it",
            "is copied the mirror has no image: if the source is lost meanwhile, nothing is left",
            "to take over with."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairResync extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume, on its source node")
    private String volume;

    @Option(names = "--full", required = true, description = "everything, whatever both have")
    private boolean full;

    @Option(
            names = "--yes",
            description = "your word that the mirror may be without an image until then")
    private boolean acceptNoImage;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        if (!full) {
            throw new IOException(
                    "what a mirror lacks is sent by itself; only --full is asked for");
        }
        String path = "/volumes/" + AdminClient.part(volume) + "/resync";
        Done done = client.post(path, new ResyncAll(acceptNoImage), Done.class);
        print(done, done.message());
    }
}
