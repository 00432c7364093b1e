package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.CreatePair;
import lockstep.target.admin.model.PairView;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep pair create VOLUME PEER`.
@Command(
        name = "create",
        description = "Mirror a volume to another node.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairCreate extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume to mirror")
    private String volume;

    @Parameters(
            paramLabel = "PEER",
            description = "host:port where the other node listens for replication")
    private String peer;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        PairView made = client.post("/pairs", new CreatePair(volume, peer), PairView.class);
        print(made, made.volume() + " is mirrored to " + made.peer() + ": " + made.sync());
    }
}
