package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.RehearsalView;
import lockstep.target.admin.model.TakeOver;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep takeover VOLUME [--rehearse]`.
@Command(
        name = "takeover",
        description = "Serve the mirror of a volume on this node.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class Takeover extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Option(
            names = "--confirm-source-down",
            description = "your word that the source is off and was not detached")
    private boolean confirmSourceDown;

    @Option(
            names = "--accept-data-loss",
            description = "serve it even if acknowledged writes may be missing")
    private boolean acceptDataLoss;

    @Option(names = "--rehearse", description = "change nothing, and tell how long it would take")
    private boolean rehearse;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/takeover";
        if (rehearse) {
            String rehearsal = "/volumes/" + AdminClient.part(volume) + "/rehearsal";
            RehearsalView found = client.post(rehearsal, null, RehearsalView.class);
            print(found, found.text());
            return;
        }
        TakeOver request = new TakeOver(confirmSourceDown, acceptDataLoss);
        Done done = client.post(path, request, Done.class);
        print(done, done.message());
    }
}
