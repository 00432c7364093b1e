package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ResyncRate;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep pair resync-rate VOLUME RATE`.
@Command(
        name = "resync-rate",
        description = {
            "Change how fast the mirror of a volume is brought up to date, from now on and until",
            "the node starts again. What hosts write is never slowed by it."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairResyncRate extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume, on its source node")
    private String volume;

    @Parameters(
            paramLabel = "RATE",
            description = "bytes per second, like 50m; 0: as fast as link and disks are")
    private String rate;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/resync-rate";
        Done done = client.post(path, new ResyncRate(Sizes.parse(rate)), Done.class);
        print(done, done.message());
    }
}
